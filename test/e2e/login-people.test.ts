/** The pages that people see during a login: a choice, their language, a page without access, the keyboard. Two real issuers, a real Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { type LoginProvider, startLoginProvider } from '../support/login/oidc-provider.ts';
import { fetchInPage, newPage, open, ownCookies } from '../support/login/pages.ts';
import { type LoginSite, origin, startLoginSite } from '../support/login/site.ts';
import { transports } from '../support/login/stack.ts';
import { describeWithAll } from '../support/real-servers.ts';

const found = { chromium: await findChromium(), envoy: await findEnvoy() };

const names = ['staff', 'partners'] as const;

describeWithAll('a person who signs in', found, (paths) => {
  const issuers = {} as Record<(typeof names)[number], LoginProvider>;

  beforeAll(async () => {
    for (const name of names)
      issuers[name] = await startLoginProvider([origin], [`/.oidc-authz/callback/${name}`]);
  });

  afterAll(async () => {
    for (const { stop } of Object.values(issuers)) await stop();
  });

  describe.each(transports)('over %s', (transport) => {
    let site: LoginSite;

    beforeAll(async () => {
      site = await startLoginSite(paths, {
        transport,
        issuers: { staff: issuers.staff.issuer, partners: issuers.partners.issuer },
      });
    });

    afterAll(() => site?.stop());

    const choose = (page: Page, name: (typeof names)[number]) =>
      page.getByRole('link', { name: `Account of ${name}` }).click();

    test.each(names)('chooses the issuer %s, and ends at the wanted page', async (name) => {
      const page = await newPage(site.browser);
      const answer = await open(page, `${origin}/wanted?a=1`);
      await page.getByRole('heading', { name: 'Choose how to sign in' }).waitFor();
      expect(answer.status()).toBe(401);
      await choose(page, name);
      expect(new URL(page.url()).origin).toBe(issuers[name].issuer);
      await issuers[name].signIn(page, 'anna');
      await page.waitForURL(`${origin}/wanted?a=1`);
      expect(site.workload.lastHeaders('/wanted')['x-auth-request-user']).toBe('anna');
    });

    test('opens the page of choice by its address', async () => {
      const page = await newPage(site.browser);
      const answer = await open(page, `${origin}/.oidc-authz/choose?rd=%2Fwanted`);
      // Over HTTP, 200 means that the request is allowed.
      expect(answer.status()).toBe(transport === 'grpc' ? 200 : 401);
      await choose(page, 'staff');
      await issuers.staff.signIn(page, 'anna');
      await page.waitForURL(`${origin}/wanted`);
    });

    test('cannot bring the answer of one issuer to the login of the other', async () => {
      const page = await newPage(site.browser);
      await page.goto(`${origin}/wanted`);
      await choose(page, 'staff');
      await page.locator('input[name=login]').waitFor();
      const asked = issuers.staff.front.requests.findLast(({ query }) => query.has('state'));
      const state = asked?.query.get('state') ?? '';
      expect(state).toMatch(/^[\w-]{43}$/);
      const calls = () => names.map((name) => issuers[name].front.grants('authorization_code').length);
      const before = calls();
      for (const [path, iss] of [
        ['callback/partners', issuers.partners.issuer],
        ['callback/partners', issuers.staff.issuer],
        ['callback/staff', issuers.partners.issuer],
        ['callback/staff', undefined],
      ] as const) {
        const query = new URLSearchParams({ code: 'stolen', state, ...(iss !== undefined && { iss }) });
        await page.goto(`${origin}/.oidc-authz/${path}?${query}`);
        expect(calls()).toEqual(before);
        expect(await ownCookies(page, origin)).not.toContain('__Host-oidc-authz');
      }
    });

    test('without the group sees a page that offers a sign-out, and no new login', async () => {
      const page = await newPage(site.browser);
      await page.goto(`${origin}/staff/plans`);
      await choose(page, 'staff');
      await issuers.staff.signIn(page, 'ben');
      await page.getByRole('heading', { name: 'You do not have access' }).waitFor();
      expect(page.url()).toBe(`${origin}/staff/plans`);
      expect((await open(page, `${origin}/staff/plans`)).status()).toBe(403);
      expect(await page.getByText('Signed in as').textContent()).toMatch(/ben/);
      expect(site.workload.of('/staff/plans')).toEqual([]);
      // The session stays for other pages.
      expect((await open(page, `${origin}/orders`)).status()).toBe(200);
      expect((await fetchInPage(page, '/staff/plans')).status).toBe(403);
      await page.goto(`${origin}/staff/plans`);
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.waitForLoadState();
      expect(await ownCookies(page, origin)).toEqual([]);
    });

    test('who comes back without a session finds the same page of choice, also by the keyboard alone', async () => {
      const page = await newPage(site.browser);
      await page.goto(`${origin}/by-keyboard`);
      const focused = () =>
        page.evaluate(
          `document.querySelector('a:focus')?.textContent?.replace(/^[A-Z](?=Account)/, '').trim() ?? ''`,
        );
      for (let presses = 0; presses < 10 && (await focused()) !== 'Account of partners'; presses++)
        await page.keyboard.press('Tab');
      expect(await focused()).toBe('Account of partners');
      await page.keyboard.press('Enter');
      await page.locator('input[name=login]').focus();
      await page.keyboard.type('anna');
      await page.keyboard.press('Tab');
      await page.keyboard.type('anna');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${origin}/by-keyboard`);
    });

    test.each([
      ['de-AT', 'de', 'Anmeldung auswählen'],
      ['en-GB', 'en', 'Choose how to sign in'],
      ['fr-FR', 'en', 'Choose how to sign in'],
    ])('with the language %s reads it in %s, and the issuer learns it', async (locale, lang, heading) => {
      const page = await newPage(site.browser, { locale });
      await page.goto(`${origin}/wanted`);
      await page.getByRole('heading', { name: heading }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(lang);
      await choose(page, 'staff');
      await page.locator('input[name=login]').waitFor();
    });

    test('without script and without images signs in', async () => {
      const page = await newPage(site.browser, { javaScriptEnabled: false });
      await page.goto(`${origin}/wanted`);
      await choose(page, 'staff');
      await issuers.staff.signIn(page, 'anna');
      await page.waitForURL(`${origin}/wanted`);
      await page.goto(`${origin}/.oidc-authz/sign-out`);
      expect(await ownCookies(page, origin)).toEqual([]);
    });

    test('who cancels at the issuer reads so, and can sign in again', async () => {
      const page = await newPage(site.browser);
      await page.goto(`${origin}/wanted`);
      await choose(page, 'staff');
      await page.getByRole('link', { name: /cancel/i }).click();
      await page.getByRole('heading', { name: /^The sign-in was cancel/ }).waitFor();
      await page.getByRole('link', { name: 'Sign in again' }).click();
      await issuers.staff.signIn(page, 'anna');
      await page.waitForURL(`${origin}/wanted`);
    });
  });
});
