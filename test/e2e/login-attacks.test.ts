/** Attacks on a login from other sites, in a real Chromium: each one that a browser makes possible. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { type LoginProvider, startLoginProvider } from '../support/login/oidc-provider.ts';
import { fetchInPage, newPage, open, ownCookies, signInAt } from '../support/login/pages.ts';
import { type LoginSite, origin, startLoginSite } from '../support/login/site.ts';
import { transports } from '../support/login/stack.ts';
import { describeWithAll } from '../support/real-servers.ts';

const found = { chromium: await findChromium(), envoy: await findEnvoy() };

const evil = 'https://evil.test';

describeWithAll('from another site', found, (paths) => {
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

    const signIn = async (page: Page, path = '/', name = 'anna') =>
      signInAt(page, `${origin}${path}`, provider.signIn, name);
    const isSignedIn = async (page: Page) => {
      await page.goto(`${origin}/`);
      return (await fetchInPage(page, '/data')).status === 200;
    };
    /** Opens a page of the other site in the browser of a signed-in person. */
    const visit = async (html: string, from = evil) => {
      const page = await newPage(site.browser);
      await signIn(page);
      site.others.pages.set('/attack', { html });
      await page.goto(`${from}/attack`);
      return page;
    };

    describe('LG-15: a request that changes something', () => {
      test('is not sent with the session, from a form of another site', async () => {
        const page = await visit(
          `<form method="post" action="${origin}/strict/pay"><button>Win</button></form>`,
        );
        await page.getByRole('button').click();
        await page.waitForLoadState();
        expect(site.workload.of('/strict/pay')).toEqual([]);
      });

      // The browser sends the session: `SameSite=Lax` counts sites, not origins.
      test.each([
        ['a form', `<form method="post" action="${origin}/strict/sibling"><button>Win</button></form>`],
        [
          'a script',
          `<button onclick="fetch('${origin}/strict/sibling', {method: 'POST', credentials: 'include', mode: 'no-cors', body: 'a=1'}).finally(() => document.title = 'done')">Win</button>`,
        ],
      ])('is refused from %s of a sibling host, if the rule requires the same origin', async (kind, html) => {
        const page = await visit(html, 'https://sub.app.test');
        await page.getByRole('button').click();
        if (kind === 'a script') await page.waitForFunction(`document.title === 'done'`);
        else await page.waitForURL(`${origin}/strict/sibling`);
        expect(site.workload.of('/strict/sibling')).toEqual([]);
        expect(site.service.log()).toContain('origin_not_allowed');
        expect(await isSignedIn(page)).toBe(true);
      });

      test('is allowed from a page of the same origin', async () => {
        const page = await newPage(site.browser);
        await signIn(page, '/strict/page');
        expect((await fetchInPage(page, '/strict/pay', { method: 'POST', body: 'a=1' })).status).toBe(200);
        expect((await fetchInPage(page, '/strict/pay', { method: 'PUT', body: 'a=1' })).status).toBe(200);
      });

      test.each(['https://sub.app.test', evil])('a WebSocket of %s is not opened', async (from) => {
        const page = await visit('', from);
        const before = site.workload.of('/socket').length;
        const result = await page.evaluate(`new Promise((resolve) => {
          const socket = new WebSocket('wss://app.test/socket');
          socket.onmessage = ({ data }) => resolve(data);
          socket.onerror = () => resolve('refused');
        })`);
        expect(result).toBe('refused');
        expect(site.workload.of('/socket').length).toBe(before);
      });

      test('a WebSocket of the same origin is opened', async () => {
        const page = await newPage(site.browser);
        await signIn(page);
        const result = await page.evaluate(`new Promise((resolve) => {
          const socket = new WebSocket('wss://app.test/socket');
          socket.onmessage = ({ data }) => resolve(data);
          socket.onerror = () => resolve('refused');
        })`);
        expect(result).toBe('hello');
        expect(site.workload.lastHeaders('/socket').cookie ?? '').not.toContain('oidc-authz');
      });
    });

    describe('LG-16: a sign-out', () => {
      test.each([
        ['an image', `<img src="${origin}/.oidc-authz/sign-out">`],
        ['a frame', `<iframe src="${origin}/.oidc-authz/sign-out"></iframe>`],
        [
          'a form that a script sends',
          `<form method="post" action="${origin}/.oidc-authz/sign-out"></form><script>document.forms[0].submit()</script>`,
        ],
        ['a redirect', `<script>location = '${origin}/.oidc-authz/sign-out'</script>`],
      ])('by %s of another site does not sign the person out', async (_, html) => {
        const page = await visit(html);
        await page.waitForLoadState('networkidle');
        expect(await isSignedIn(page)).toBe(true);
      });

      test('that a page of another site started is asked for, and then done', async () => {
        const page = await visit(`<script>location = '${origin}/.oidc-authz/sign-out'</script>`);
        await page.getByRole('heading', { name: 'Do you want to sign out?' }).waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.waitForURL((url) => url.pathname !== '/.oidc-authz/sign-out');
        expect(await ownCookies(page, origin)).toEqual([]);
      });
    });

    describe('LG-05: planted cookies', () => {
      test('of a sibling host do not replace a session, and a login still works', async () => {
        // A session of the attacker, at the same site.
        const attacker = await newPage(site.browser);
        await signIn(attacker, '/', 'mallory');
        const [cookie] = (await attacker.context().cookies(origin)).filter(
          ({ name }) => name === '__Host-oidc-authz',
        );
        expect(cookie).toBeDefined();
        const plant = [
          '__Host-oidc-authz',
          '__Secure-oidc-authz',
          'oidc-authz',
          '__Host-oidc-authz.0',
        ].flatMap((name) => [
          `${name}=${cookie?.value}; Domain=app.test; Path=/; Secure`,
          `${name}=${cookie?.value}; Domain=app.test; Path=/who; Secure`,
        ]);
        site.others.pages.set('/plant', { html: '', cookies: plant });
        const page = await newPage(site.browser);
        await page.goto('https://sub.app.test/plant');
        await page.goto(`${origin}/who`);
        expect(new URL(page.url()).origin).toBe(new URL(provider.issuer).origin);
        await provider.signIn(page, 'anna');
        await page.waitForURL(`${origin}/who`);
        expect(site.workload.lastHeaders('/who')['x-auth-request-user']).toBe('anna');
      });

      test('of a login do not sign the victim in as the attacker', async () => {
        const attacker = await newPage(site.browser);
        await attacker.goto(`${origin}/attacker`);
        const login = (await attacker.context().cookies(origin)).filter(({ name }) =>
          name.includes('-login-'),
        );
        expect(login.length).toBe(1);
        // The attacker signs in, and keeps the callback instead of opening it.
        let callback = '';
        await attacker.route(/\.oidc-authz\/callback/, (route) => route.abort());
        attacker.on('request', (request) => {
          if (request.url().includes('/.oidc-authz/callback')) callback = request.url();
        });
        await provider.signIn(attacker, 'mallory');
        await expect.poll(() => callback).not.toBe('');

        const calls = provider.front.grants('authorization_code').length;
        const page = await newPage(site.browser);
        site.others.pages.set('/plant', {
          html: `<a href="${callback}">Win</a>`,
          cookies: login.map(({ name, value }) => `${name}=${value}; Domain=app.test; Path=/; Secure`),
        });
        await page.goto('https://sub.app.test/plant');
        await page.getByRole('link').click();
        await page.waitForLoadState();
        expect(provider.front.grants('authorization_code').length).toBe(calls);
        expect(await ownCookies(page, origin)).not.toContain('__Host-oidc-authz');
      });
    });

    test('LG-04: a login never ends at another site', async () => {
      const page = await newPage(site.browser);
      for (const target of [
        'https://evil.test/',
        '//evil.test/',
        '/\\evil.test/',
        '/%09/evil.test',
        'https:evil.test',
        '/.oidc-authz/start',
      ]) {
        for (const name of await ownCookies(page, origin)) await page.context().clearCookies({ name });
        await page.goto(`${origin}/.oidc-authz/start?rd=${encodeURIComponent(target)}`);
        if (page.url().startsWith(provider.issuer)) await provider.signIn(page, 'anna');
        await page.getByRole('heading', { name: 'Workload' }).waitFor();
        expect(new URL(page.url()).origin, target).toBe(origin);
      }
    });

    test('LG-13: no own path reaches the workload, with any method and spelling', async () => {
      const page = await newPage(site.browser);
      await signIn(page);
      const before = site.workload.received.length;
      const names = ['callback', 'start', 'choose', 'sign-out', 'signed-out', 'user', 'other', ''];
      const spellings = [
        '/.oidc-authz/',
        '/x/../.oidc-authz/',
        '/%2Eoidc-authz/',
        '//.oidc-authz/',
        '/./.oidc-authz/',
        '/.oidc-authz%2F',
      ];
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
        for (const name of names) {
          if (name === 'sign-out' && method !== 'PUT') continue;
          for (const spelling of spellings)
            await fetchInPage(page, `${spelling}${name}`, { method, redirect: 'manual' });
        }
      }
      expect(site.workload.received.slice(before).map(({ path }) => path)).toEqual([]);
    });

    test('a page of another site cannot read the 401, or the person', async () => {
      const page = await visit('');
      for (const path of ['/data', '/.oidc-authz/user']) {
        const answer = await fetchInPage(page, `${origin}${path}`, { credentials: 'include' });
        expect(answer.error).toMatch(/TypeError/);
      }
    });

    test('a callback with a script in its error shows no script', async () => {
      const page = await newPage(site.browser);
      await page.goto(`${origin}/wanted`);
      const state = new URL(page.url()).searchParams.get('state') ?? (await stateOf());
      const answer = await open(
        page,
        `${origin}/.oidc-authz/callback?state=${state}&iss=${encodeURIComponent(provider.issuer)}&error=access_denied&error_description=${encodeURIComponent('<script>window.attacked=1</script>"><img src=x onerror=window.attacked=1>')}`,
      );
      expect([401, 403]).toContain(answer.status());
      await page.getByRole('heading', { name: /^The sign-in was cancel/ }).waitFor();
      expect(await page.evaluate('window.attacked')).toBeUndefined();
      expect(await page.content()).not.toContain('window.attacked');
    });

    /** The state of the newest login, as the issuer saw it. */
    async function stateOf(): Promise<string> {
      const asked = provider.front.requests.filter(({ query }) => query.has('state'));
      return asked.at(-1)?.query.get('state') ?? '';
    }
  });
});
