/** Logins at their limits: addresses, sizes, and entries of the mesh that lack a header. A real Envoy and a real Chromium. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { type LoginProvider, startLoginProvider } from '../support/login/oidc-provider.ts';
import { fetchInPage, newPage, open, ownCookies, signInAt } from '../support/login/pages.ts';
import { createMovableClock } from '../support/login/service.ts';
import { type LoginSite, origin, type SiteOptions, startLoginSite } from '../support/login/site.ts';
import { transports } from '../support/login/stack.ts';
import { describeWithAll } from '../support/real-servers.ts';

const found = { chromium: await findChromium(), envoy: await findEnvoy() };

/** Paths with queries that a browser sends as they are written. */
const addresses = [
  '/orders/%E2%82%AC?q=a%20b&x=%C3%A4',
  '/a,b=c/d?x=1&x=2&&y;z',
  "/quotes'()*!$?a=(b)",
  '/plus+plus?a+b=c+d',
  '/percent%25?next=https%3A%2F%2Fevil.test%2F',
  '/?rd=/other',
  '/question?a?b?c',
  '/%3Cscript%3E?%22%3E',
  `/long/${'a'.repeat(1_500)}`,
  '/@user:pass',
  '/.well-known/thing',
  '/.oidc-authzz/callback',
];

describeWithAll('at its limits, a login', found, (paths) => {
  let provider: LoginProvider;

  beforeAll(async () => {
    provider = await startLoginProvider([origin]);
  });

  afterAll(() => provider?.stop());

  /** Starts a site that stops after the test. */
  const startSite = async (options: Omit<SiteOptions, 'issuers'>): Promise<LoginSite> => {
    const site = await startLoginSite(paths, { issuers: { main: provider.issuer }, ...options });
    onTestFinished(() => site.stop());
    return site;
  };
  const metric = async ({ service }: LoginSite, name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    const values = text.split('\n').filter((line) => line.includes(name) && !line.startsWith('#'));
    return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };

  describe.each(transports)('over %s', (transport) => {
    test('opens every address that a browser asked for, byte for byte', async () => {
      const site = await startSite({ transport });
      const page = await newPage(site.browser);
      await page.goto(`${origin}/`);
      await provider.signIn(page, 'anna');
      for (const address of addresses) {
        for (const name of await ownCookies(page, origin)) await page.context().clearCookies({ name });
        await page.goto(`${origin}${address}`);
        expect([page.url(), site.workload.received.at(-1)?.path]).toEqual([`${origin}${address}`, address]);
      }
    });

    test('of a person with too many groups ends on a page that says so, without a loop', async () => {
      const site = await startSite({ transport });
      const page = await newPage(site.browser);
      const urls: string[] = [];
      page.on('request', (request) => void urls.push(request.url()));
      await page.goto(`${origin}/wanted`);
      await provider.signIn(page, 'greta');
      await page.getByRole('heading', { name: 'Your account has too much data' }).waitFor();
      expect(await page.content()).toContain('groups');
      expect(await ownCookies(page, origin)).toEqual([]);
      expect(urls.length).toBeLessThan(15);
      expect(await metric(site, 'sessions_too_large_total')).toBe(1);
      // Another account still works.
      await page.context().clearCookies();
      await signInAt(page, `${origin}/wanted`, provider.signIn, 'anna');
    });

    test('has a new session each time, and the old cookie ends', async () => {
      const site = await startSite({ transport });
      const page = await newPage(site.browser);
      await signInAt(page, `${origin}/`, provider.signIn);
      const [first] = (await page.context().cookies(origin)).filter(
        ({ name }) => name === '__Host-oidc-authz',
      );
      await page.context().clearCookies({ domain: '127.0.0.1' });
      await page.goto(`${origin}/.oidc-authz/start?rd=%2Fagain`);
      // Requests of the same person may be under way, so her old session would live for some seconds.
      await provider.signIn(page, 'ben');
      await page.waitForURL(`${origin}/again`);
      const [second] = (await page.context().cookies(origin)).filter(
        ({ name }) => name === '__Host-oidc-authz',
      );
      expect(second?.value).not.toBe(first?.value);
      const other = await newPage(site.browser);
      await other.context().addCookies([{ ...first, name: '__Host-oidc-authz', value: first?.value ?? '' }]);
      await other.goto(`${origin}/old`);
      expect(other.url().startsWith(provider.issuer)).toBe(true);
    });

    test('of 100 people at once costs no request of another', async () => {
      const site = await startSite({ transport });
      const page = await newPage(site.browser);
      await signInAt(page, `${origin}/`, provider.signIn);
      const statuses = await page.evaluate(`Promise.all(Array.from({ length: 100 }, (_, index) =>
        fetch(index % 2 ? '/data' : '/.oidc-authz/callback?code=x&state=' + index, { redirect: 'manual' })
          .then(({ status, type }) => (index % 2 ? status : type))))`);
      expect(new Set((statuses as unknown[]).filter((_, index) => index % 2 === 1))).toEqual(new Set([200]));
    });
  });

  describe('with an entry of the mesh', () => {
    test('that lacks set-cookie for the browser, renews a session once, and warns', async () => {
      const clock = createMovableClock();
      const site = await startSite({
        transport: 'http',
        clock,
        sessions: 'recheck: 1m, idleTimeout: 1h',
        listed: ({ headersToDownstreamOnAllow: _, ...lists }) => lists,
      });
      const page = await newPage(site.browser);
      await signInAt(page, `${origin}/`, provider.signIn);
      const before = provider.front.grants('refresh_token').length;
      clock.move(90_000);
      for (let request = 0; request < 8; request++) {
        expect((await fetchInPage(page, '/data')).status).toBe(200);
        // Requests of the first second can be under way.
        clock.move(1_100);
      }
      expect(provider.front.grants('refresh_token').length - before).toBe(1);
      expect(await metric(site, 'session_cookie_not_delivered_total')).toBeGreaterThan(0);
      expect(site.service.log()).toContain('a browser does not receive session cookies');
    });

    test('that lacks cookie for the workload, cannot remove a session next to other cookies', async () => {
      const site = await startSite({
        transport: 'http',
        listed: ({ headersToUpstreamOnAllow = [], ...lists }) => ({
          ...lists,
          headersToUpstreamOnAllow: headersToUpstreamOnAllow.filter((name) => name !== 'cookie'),
        }),
      });
      const page = await newPage(site.browser);
      await signInAt(page, `${origin}/`, provider.signIn);
      expect((await open(page, `${origin}/second`)).status()).toBe(200);
      // The service cannot see the headers that Envoy forwards. `doctor` reads the entry.
      expect(site.workload.lastHeaders('/second').cookie).toContain('__Host-oidc-authz=');
    });

    test('that lacks accept and the fetch metadata, sends no browser in circles', async () => {
      const site = await startSite({
        transport: 'http',
        listed: ({ includeRequestHeadersInCheck = [], ...lists }) => ({
          ...lists,
          includeRequestHeadersInCheck: includeRequestHeadersInCheck.filter(
            (name) => name !== 'accept' && !name.startsWith('sec-'),
          ),
        }),
      });
      const page = await newPage(site.browser);
      const answer = await open(page, `${origin}/wanted`);
      expect([answer.status(), answer.url()]).toEqual([401, `${origin}/wanted`]);
      expect(await answer.headerValue('x-oidc-authz-login')).toBe('/.oidc-authz/start?rd=%2Fwanted');
    });

    test('that lacks cookie for the check, ends on a page', async () => {
      const site = await startSite({
        transport: 'http',
        listed: ({ includeRequestHeadersInCheck = [], ...lists }) => ({
          ...lists,
          includeRequestHeadersInCheck: includeRequestHeadersInCheck.filter((name) => name !== 'cookie'),
        }),
      });
      const page = await newPage(site.browser);
      const urls: string[] = [];
      page.on('request', (request) => void urls.push(request.url()));
      await page.goto(`${origin}/wanted`);
      await provider.signIn(page, 'anna');
      await page.getByRole('heading', { name: /^The sign-in/ }).waitFor();
      expect(urls.length).toBeLessThan(20);
    });
  });
});
