/** Logins in many tabs, back buttons, old pages and odd browsers, with oidc-provider, a real Envoy and a real Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { type LoginProvider, startLoginProvider } from '../support/login/oidc-provider.ts';
import { fetchInPage, newPage, open, ownCookies, signInAt } from '../support/login/pages.ts';
import { type LoginSite, origin, startLoginSite } from '../support/login/site.ts';
import { transports } from '../support/login/stack.ts';
import { describeWithAll } from '../support/real-servers.ts';

const found = { chromium: await findChromium(), envoy: await findEnvoy() };

const loginForm = 'input[name=login]';

describeWithAll('in Chromium, a login', found, (paths) => {
  let provider: LoginProvider;

  beforeAll(async () => {
    provider = await startLoginProvider([origin, 'https://other.test']);
  });

  afterAll(() => provider?.stop());

  describe.each(transports)('over %s', (transport) => {
    let site: LoginSite;

    beforeAll(async () => {
      site = await startLoginSite(paths, { transport, issuers: { main: provider.issuer } });
    });

    afterAll(() => site?.stop());

    const signIn = async (page: Page, path = '/') => signInAt(page, `${origin}${path}`, provider.signIn);
    const workload = (page: Page) => page.getByRole('heading', { name: 'Workload' }).waitFor();
    /** Counts the documents that a page asks for, redirects included. */
    const documentsOf = (page: Page) => {
      const urls: string[] = [];
      page.on('request', (request) => {
        if (request.isNavigationRequest()) urls.push(request.url());
      });
      return urls;
    };

    test('in ten tabs at once: each one ends at its own page', async () => {
      const first = await newPage(site.browser);
      const tabs = [first];
      for (let tab = 1; tab < 10; tab++) tabs.push(await first.context().newPage());
      // No request knows the login cookie of another, so there are ten.
      await Promise.all(tabs.map((tab, index) => tab.goto(`${origin}/tab/${index}`)));
      for (const [index, tab] of tabs.entries()) {
        await tab.bringToFront();
        await provider.signIn(tab, 'anna');
        await workload(tab);
        // A tab whose login cookie was one too many ends at the workload too.
        expect(new URL(tab.url()).pathname).toMatch(new RegExp(`^/(tab/${index})?$`));
      }
      const names = await ownCookies(first, origin);
      expect(names.filter((name) => !name.includes('-login-'))).toEqual(['__Host-oidc-authz']);
      expect(names.length).toBeLessThanOrEqual(6);
    });

    test('in ten tabs one after another keeps five: the newest end at their own pages, the others at the front page', async () => {
      const first = await newPage(site.browser);
      const tabs = [first];
      for (let tab = 1; tab < 10; tab++) tabs.push(await first.context().newPage());
      for (const [index, tab] of tabs.entries()) {
        await tab.goto(`${origin}/late/${index}`);
        expect((await ownCookies(first, origin)).length).toBeLessThanOrEqual(5);
      }
      for (const tab of tabs) {
        await tab.bringToFront();
        await provider.signIn(tab, 'anna');
        await workload(tab);
      }
      const ends = tabs.map((tab) => new URL(tab.url()).pathname);
      // The first tab has lost its login and begins another, so one more of the old ones is lost.
      expect(ends).toEqual(['/', '/', '/', '/', '/', '/', '/late/6', '/late/7', '/late/8', '/late/9']);
      expect(await ownCookies(first, origin)).toEqual(['__Host-oidc-authz']);
    });

    test('in a tab whose login another tab has overtaken ends at its own page', async () => {
      const first = await newPage(site.browser);
      const second = await first.context().newPage();
      await first.goto(`${origin}/first`);
      await second.goto(`${origin}/second`);
      await provider.signIn(second, 'anna');
      await second.waitForURL(`${origin}/second`);
      await provider.signIn(first, 'anna');
      await first.waitForURL(`${origin}/first`);
      for (const tab of [first, second]) expect((await open(tab, `${origin}/after`)).status()).toBe(200);
      expect(await ownCookies(first, origin)).toEqual(['__Host-oidc-authz']);
    });

    test('survives the back button onto the issuer and the callback, and a reload of the callback', async () => {
      const page = await newPage(site.browser);
      const urls = documentsOf(page);
      await signIn(page, '/wanted');
      const callback = urls.find((url) => url.startsWith(`${origin}/.oidc-authz/callback`)) ?? '';
      expect(callback).not.toBe('');
      const codes = provider.front.grants('authorization_code').length;
      await page.goto(callback);
      await workload(page);
      await page.reload();
      await workload(page);
      await page.goBack();
      await page.goto(callback);
      await workload(page);
      expect(new URL(page.url()).search).toBe('');
      expect(provider.front.grants('authorization_code').length).toBe(codes);
      expect(await ownCookies(page, origin)).toEqual(['__Host-oidc-authz']);
    });

    test('from a bookmarked or overnight form of the issuer ends at the workload', async () => {
      const page = await newPage(site.browser);
      await page.goto(`${origin}/wanted`);
      await page.locator(loginForm).waitFor();
      // The login cookie has expired over night.
      for (const name of await ownCookies(page, origin)) await page.context().clearCookies({ name });
      const codes = provider.front.grants('authorization_code').length;
      await provider.signIn(page, 'anna');
      await workload(page);
      expect(new URL(page.url()).origin).toBe(origin);
      // The first answer was not redeemed, the one of the fresh login was.
      expect(provider.front.grants('authorization_code').length).toBe(codes + 1);
    });

    test('in a browser that refuses cookies ends on a page, after few redirects', async () => {
      const context = await site.browserWithoutCookies();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      const urls = documentsOf(page);
      await page.goto(`${origin}/wanted`);
      await provider.signIn(page, 'anna');
      await page.getByRole('heading', { name: 'The sign-in was not completed' }).waitFor();
      expect(await page.content()).toContain('Allow cookies for this site');
      expect(urls.length).toBeLessThan(15);
      await page.getByRole('link', { name: 'Sign in again' }).click();
      await page.getByRole('heading', { name: 'The sign-in was not completed' }).waitFor();
      expect(urls.length).toBeLessThan(25);
    });

    test('with an answer that belongs to no login starts once anew, and then shows a page', async () => {
      const page = await newPage(site.browser);
      const urls = documentsOf(page);
      const query = new URLSearchParams({ code: 'forged', state: 'f'.repeat(43), iss: provider.issuer });
      const calls = provider.front.grants('authorization_code').length;
      await page.goto(`${origin}/.oidc-authz/callback?${query}`);
      expect(new URL(page.url()).origin).toBe(provider.issuer);
      for (const name of await ownCookies(page, origin)) await page.context().clearCookies({ name });
      await provider.signIn(page, 'anna');
      await page.getByRole('heading', { name: 'The sign-in was not completed' }).waitFor();
      expect(provider.front.grants('authorization_code').length).toBe(calls);
      await page.getByRole('link', { name: 'Sign in again' }).click();
      await workload(page);
      expect(urls.length).toBeLessThan(20);
    });

    test.each(['forged', '', 'x'.repeat(3_000)])(
      'with the unreadable state %s ends on a page at once',
      async (state) => {
        const page = await newPage(site.browser);
        const started = provider.front.requests.length;
        await page.goto(`${origin}/.oidc-authz/callback?${new URLSearchParams({ code: 'forged', state })}`);
        await page.getByRole('heading', { name: 'The sign-in was not completed' }).waitFor();
        expect(provider.front.requests.length).toBe(started);
      },
    );

    test('with 180 cookies of others works, and they reach the workload', async () => {
      const page = await newPage(site.browser);
      const others = Array.from({ length: 170 }, (_, index) => ({
        name: `other-${index}`,
        value: 'v'.repeat(20),
        url: origin,
      }));
      await page.context().addCookies(others);
      await signIn(page, '/many');
      await page.goto(`${origin}/many?again`);
      await workload(page);
      const cookies = (site.workload.lastHeaders('/many').cookie ?? '').split('; ');
      expect(cookies.filter((one) => one.startsWith('other-')).length).toBe(170);
      expect(cookies.filter((one) => one.includes('oidc-authz'))).toEqual([]);
    });

    test('is not started by a prefetch, a prerender, an image, a script or a service worker', async () => {
      const page = await newPage(site.browser);
      site.others.pages.set('/start', { html: '<h1>Elsewhere</h1>' });
      await page.goto('https://evil.test/start');
      const started = provider.front.requests.length;
      const answers: [string, number][] = [];
      page.context().on('response', (response) => {
        if (response.url().startsWith(`${origin}/early`)) answers.push([response.url(), response.status()]);
      });
      // The code that runs in the page is text, because these tests are compiled without the types of a browser.
      await page.evaluate(`(() => {
        const rules = document.createElement('script');
        rules.type = 'speculationrules';
        rules.text = JSON.stringify({
          prefetch: [{ source: 'list', urls: ['${origin}/early/prefetch'] }],
        });
        const link = document.createElement('link');
        link.rel = 'prefetch';
        link.href = '${origin}/early/link';
        const image = new Image();
        const loaded = new Promise((resolve) => { image.onerror = image.onload = resolve; });
        image.src = '${origin}/early/image';
        document.head.append(rules, link, image);
        return loaded;
      })()`);
      await fetchInPage(page, `${origin}/early/fetch`, { mode: 'no-cors', credentials: 'include' });
      expect(provider.front.requests.length).toBe(started);
      expect(await ownCookies(page, origin)).toEqual([]);
      expect(answers.filter(([, status]) => status !== 401)).toEqual([]);
      expect(answers.length).toBeGreaterThanOrEqual(2);
    });

    test('in a frame is a page with a link, not a redirect', async () => {
      const page = await newPage(site.browser);
      await signIn(page);
      await page.goto(`${origin}/framing`);
      await page.frameLocator('iframe').getByRole('heading', { name: 'Workload' }).waitFor();
      for (const name of await ownCookies(page, origin)) await page.context().clearCookies({ name });
      await page.evaluate(`document.querySelector('iframe').src = '/framed?again'`);
      const frame = page.frameLocator('iframe');
      await frame.getByRole('heading', { name: 'You are not signed in' }).waitFor();
      await frame.getByRole('link', { name: 'Sign in' }).click();
      await page.waitForURL((url) => url.pathname.startsWith('/framed'));
    });

    test('a sign-out in one tab ends the other tabs too', async () => {
      const first = await newPage(site.browser);
      await signIn(first, '/first');
      const second = await first.context().newPage();
      expect((await open(second, `${origin}/second`)).status()).toBe(200);
      await second.goto(`${origin}/.oidc-authz/sign-out`);
      expect((await fetchInPage(first, '/data')).status).toBe(401);
      expect(await ownCookies(first, origin)).toEqual([]);
    });
  });
});
