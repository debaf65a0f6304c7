/** One login for hosts of several sites, with oidc-provider, a real Envoy and a real Chromium: by the central host, and by a domain cookie. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { findRedis } from '../../tools/redis.ts';
import { startBrowser, startBrowserWithoutCookies } from '../support/login/browser.ts';
import { client } from '../support/login/keycloak.ts';
import { type LoginProvider, startLoginProvider } from '../support/login/oidc-provider.ts';
import { fetchInPage, newPage, open, ownCookies, signInAt } from '../support/login/pages.ts';
import type { ServiceFiles } from '../support/login/service.ts';
import { certificateOfHosts, type LoginStack, startLoginStack, transports } from '../support/login/stack.ts';
import { describeWith, describeWithAll } from '../support/real-servers.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';

const found = { chromium: await findChromium(), envoy: await findEnvoy() };
const redis = await findRedis();

/** Three registrable domains. */
const [auth, shop, team] = ['https://auth.test', 'https://shop.test', 'https://team.test'] as const;

const loginForm = 'input[name=login]';
const session = '__Host-oidc-authz';

const workload = (page: Page) => page.getByRole('heading', { name: 'Workload' }).waitFor();

/** Records the documents that a page asks for, redirects included. */
function documentsOf(page: Page): string[] {
  const urls: string[] = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest()) urls.push(request.url());
  });
  return urls;
}

describeWithAll('in Chromium, one login', found, (paths) => {
  let provider: LoginProvider;

  beforeAll(async () => {
    // Only the central host is registered.
    provider = await startLoginProvider([auth, 'https://app.test']);
  });

  afterAll(() => provider?.stop());

  /** @param server the store; undefined with sessions in cookies */
  const atCentralHost = (transport: (typeof transports)[number], server?: () => RedisServer) => {
    const serverTls = certificateOfHosts();
    let stack: LoginStack;
    let browser: Browser;

    const configuration = ({ keysFile, secretFile }: ServiceFiles) => `issuers:
  - issuer: "${provider.issuer}"
    name: main
    audiences: [orders-api]
    login: {clientId: ${client.id}, clientSecretFile: ${secretFile}}
login: {hosts: [auth.test, shop.test, team.test], host: auth.test}
sessions: {keysFile: ${keysFile}}
rules:
  - {name: shop, match: {hosts: [shop.test]}, require: {login: [main]}}
  - {name: team, match: {hosts: [team.test]}, require: {login: [main]}}
${server === undefined ? '' : `state: {valkey: {urls: ["${server().url}"]}}`}
`;

    beforeAll(async () => {
      stack = await startLoginStack(paths.envoy, {
        transport,
        serverTls,
        configuration,
        clientSecret: client.secret,
      });
      browser = await startBrowser(paths.chromium, serverTls.certFile, { port: stack.envoy.port });
    });

    afterAll(async () => {
      await browser?.close();
      await stack?.stop();
    });

    /** The sessions in the store. */
    const records = async () => (server === undefined ? [] : server().command('KEYS', '*:session:*'));
    const signIn = (page: Page, url: string, name = 'anna') => signInAt(page, url, provider.signIn, name);

    test('counts at hosts of two sites: the second one asks no issuer', async () => {
      const page = await newPage(browser);
      await signIn(page, `${shop}/orders?x=1`);
      expect(page.url()).toBe(`${shop}/orders?x=1`);
      const asked = provider.front.requests.length;
      const urls = documentsOf(page);
      await page.goto(`${team}/reports?y=2`);
      await workload(page);
      expect(page.url()).toBe(`${team}/reports?y=2`);
      expect(provider.front.requests.length).toBe(asked);
      expect(urls.map((url) => url.split('?')[0])).toEqual([
        `${team}/reports`,
        `${auth}/.oidc-authz/start`,
        `${team}/.oidc-authz/complete`,
        `${team}/reports`,
      ]);
      for (const origin of [auth, shop, team]) expect(await ownCookies(page, origin)).toEqual([session]);
      expect((await fetchInPage(page, '/data')).status).toBe(200);
      expect(stack.workload.lastHeaders('/reports').cookie ?? '').not.toContain('oidc-authz');
      expect(stack.workload.received.filter(({ path }) => path.startsWith('/.oidc-authz'))).toEqual([]);
    });

    test('ends everywhere with a sign-out at one host', async () => {
      await server?.().command('FLUSHALL');
      const page = await newPage(browser);
      await signIn(page, `${shop}/orders`);
      await page.goto(`${team}/reports`);
      await workload(page);
      // All hosts have one record.
      expect(await records()).toEqual(server === undefined ? [] : [expect.anything()]);
      await page.goto(`${shop}/.oidc-authz/sign-out`);
      // The issuer asks, then sends the browser back over the central host.
      await page.getByRole('button', { name: /Yes|sign me out/i }).click();
      await page.waitForURL(`${shop}/.oidc-authz/signed-out`);
      for (const origin of [auth, shop]) expect(await ownCookies(page, origin)).toEqual([]);
      expect(await records()).toEqual([]);
      for (const url of [`${team}/reports`, `${shop}/orders`]) {
        await page.goto(url);
        await page.locator(loginForm).waitFor();
      }
    });

    test('in ten tabs of two hosts at once: each one ends at its own page', async () => {
      const first = await newPage(browser);
      const tabs = [first];
      for (let tab = 1; tab < 10; tab++) tabs.push(await first.context().newPage());
      const urlOf = (tab: number) => `${tab % 2 === 0 ? shop : team}/tab/${tab}`;
      await Promise.all(tabs.map((tab, index) => tab.goto(urlOf(index))));
      for (const [index, tab] of tabs.entries()) {
        await tab.bringToFront();
        if (await tab.locator(loginForm).isVisible()) await provider.signIn(tab, 'anna');
        await workload(tab);
        expect(tab.url()).toBe(urlOf(index));
      }
      for (const origin of [auth, shop, team]) {
        const names = await ownCookies(first, origin);
        expect(names.filter((name) => !name.includes('-login-'))).toEqual([session]);
        expect(names.length).toBeLessThanOrEqual(6);
      }
    });

    test('survives the back button, and a reload of the grant', async () => {
      const page = await newPage(browser);
      const urls = documentsOf(page);
      await signIn(page, `${shop}/wanted`);
      const codes = provider.front.grants('authorization_code').length;
      for (const part of ['/.oidc-authz/complete?grant', '/.oidc-authz/start?request']) {
        await page.goto(urls.find((one) => one.includes(part)) ?? '');
        await workload(page);
        expect(page.url()).toBe(`${shop}/wanted`);
        await page.goBack();
      }
      await page.goto(urls.find((one) => one.includes('/.oidc-authz/callback')) ?? '');
      await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
      expect(provider.front.grants('authorization_code').length).toBe(codes);
      expect((await open(page, `${shop}/after`)).status()).toBe(200);
    });

    test('is not taken over by the grant of an attacker', async () => {
      const attacker = await newPage(browser);
      const grants: string[] = [];
      // The attacker keeps the grant from the own browser.
      const devTools = await attacker.context().newCDPSession(attacker);
      await devTools.send('Fetch.enable', { patterns: [{ urlPattern: '*/complete?grant=*' }] });
      devTools.on('Fetch.requestPaused', ({ requestId, request: { url } }) => {
        grants.push(url);
        void devTools.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
      });
      await attacker.goto(`${shop}/evil`);
      await provider.signIn(attacker, 'mallory');
      await expect.poll(() => grants.length).toBeGreaterThan(0);
      const victim = await newPage(browser);
      await victim.goto(grants[0] ?? '');
      // The victim has no session, and is asked to sign in.
      await victim.locator(loginForm).waitFor();
      await provider.signIn(victim, 'anna');
      await workload(victim);
      const user = await fetchInPage(victim, '/.oidc-authz/user');
      expect(user.body).toContain('"user":"anna"');
    });

    test('ends with a page, not in a loop, if the browser refuses the cookies of the central host', async () => {
      const hosts = { port: stack.envoy.port };
      const context = await startBrowserWithoutCookies(
        paths.chromium,
        serverTls.certFile,
        hosts,
        'auth.test',
      );
      try {
        const page = await context.newPage();
        await page.goto(`${shop}/orders`);
        await page.locator(loginForm).waitFor();
        await provider.signIn(page, 'anna');
        await page.getByRole('heading', { name: 'The sign-in was not completed' }).waitFor();
      } finally {
        await context.close();
      }
    });

    test('ends with a page, not in a loop, if the browser refuses the cookies of the other host', async () => {
      const hosts = { port: stack.envoy.port };
      const context = await startBrowserWithoutCookies(
        paths.chromium,
        serverTls.certFile,
        hosts,
        'shop.test',
      );
      try {
        const page = await context.newPage();
        await page.goto(`${shop}/orders`);
        await provider.signIn(page, 'anna');
        await page.getByRole('heading', { name: 'The sign-in was not completed' }).waitFor();
      } finally {
        await context.close();
      }
    });
  };

  describe.each(transports)('at the central host, over %s', (transport) => atCentralHost(transport));

  describeWith('at the central host, with sessions in the store', redis, (path) => {
    let server: RedisServer;

    beforeAll(async () => {
      server = await startRedis(path);
    });

    afterAll(() => server?.stop());

    atCentralHost('grpc', () => server);
  });

  describe.each(transports)('with a domain cookie, over %s', (transport) => {
    const serverTls = certificateOfHosts();
    let stack: LoginStack;
    let browser: Browser;

    const configuration = ({ keysFile, secretFile }: ServiceFiles) => `issuers:
  - issuer: "${provider.issuer}"
    name: main
    audiences: [orders-api]
    login: {clientId: ${client.id}, clientSecretFile: ${secretFile}}
login: {hosts: [app.test, shop.app.test]}
sessions: {keysFile: ${keysFile}, cookie: {domain: app.test}}
`;

    beforeAll(async () => {
      const options = { transport, serverTls, configuration, clientSecret: client.secret };
      stack = await startLoginStack(paths.envoy, options);
      browser = await startBrowser(paths.chromium, serverTls.certFile, { port: stack.envoy.port });
    });

    afterAll(async () => {
      await browser?.close();
      await stack?.stop();
    });

    test('counts at two hosts of the domain, and ends at both', async () => {
      const page = await newPage(browser);
      await signInAt(page, 'https://app.test/orders', provider.signIn);
      const asked = provider.front.requests.length;
      await page.goto('https://shop.app.test/reports');
      await workload(page);
      expect(page.url()).toBe('https://shop.app.test/reports');
      expect(provider.front.requests.length).toBe(asked);
      expect(await ownCookies(page, 'https://shop.app.test')).toEqual(['__Secure-oidc-authz']);
      await page.goto('https://app.test/.oidc-authz/sign-out');
      for (const host of ['app.test', 'shop.app.test'])
        expect(await ownCookies(page, `https://${host}`)).toEqual([]);
      await page.getByRole('button', { name: /Yes|sign me out/i }).click();
      await page.waitForURL((url) => url.pathname === '/.oidc-authz/signed-out');
      await page.goto('https://app.test/orders');
      await page.locator(loginForm).waitFor();
    });
  });
});
