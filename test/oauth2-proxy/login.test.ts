/** A login through a real oauth2-proxy and through this service, with the same Keycloak, client, browser and mesh. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { findKeycloak } from '../../tools/keycloak.ts';
import { findOauth2Proxy, startOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { startBrowser } from '../support/login/browser.ts';
import { client, type LoginKeycloak, startLoginKeycloak } from '../support/login/keycloak.ts';
import { fetchInPage, newPage, signInAt } from '../support/login/pages.ts';
import { certificateOfHosts, startBrowserEnvoy, startLoginStack } from '../support/login/stack.ts';
import { type BrowserWorkload, startBrowserWorkload } from '../support/login/workload.ts';
import { describeWithAll } from '../support/real-servers.ts';

const found = {
  chromium: await findChromium(),
  envoy: await findEnvoy(),
  keycloak: await findKeycloak(),
  oauth2Proxy: await findOauth2Proxy(),
};

/** A site with a login. */
interface Site {
  readonly origin: string;
  readonly workload: BrowserWorkload;
}

const names = ['oauth2-proxy', 'oidc-authz'] as const;

/** The flags for the same login. */
const proxyFlags = (issuer: string) => [
  '--provider=oidc',
  `--oidc-issuer-url=${issuer}`,
  `--client-id=${client.id}`,
  `--client-secret=${client.secret}`,
  '--code-challenge-method=S256',
  '--scope=openid profile email',
  '--redirect-url=https://proxied.test/oauth2/callback',
  '--cookie-secret=0123456789abcdef0123456789abcdef',
  '--email-domain=*',
  '--reverse-proxy=true',
  '--upstream=static://200',
  '--set-xauthrequest=true',
  '--skip-provider-button=true',
];

/** The same paths as oauth2-proxy, so that the redirect URI that is registered at the issuer stays. */
const configuration = (issuer: string) => (files: { keysFile: string; secretFile: string }) =>
  `
issuers:
  - issuer: "${issuer}"
    name: main
    audiences: [orders-api]
    login: {clientId: ${client.id}, clientSecretFile: ${files.secretFile}}
login:
  hosts: [app.test]
  paths:
    callback: /oauth2/callback
    start: /oauth2/start
    signOut: /oauth2/sign_out
    user: /oauth2/userinfo
sessions: {keysFile: ${files.keysFile}}
`;

describeWithAll('a login, next to a real oauth2-proxy', found, (paths) => {
  const stops: (() => Promise<void>)[] = [];
  const sites = {} as Record<(typeof names)[number], Site>;
  let keycloak: LoginKeycloak;
  let browser: Browser;

  beforeAll(async () => {
    keycloak = await startLoginKeycloak(paths.keycloak, {
      origins: ['https://app.test', 'https://proxied.test'],
    });
    stops.push(keycloak.stop);
    const serverTls = certificateOfHosts();
    const proxy = await startOauth2Proxy(paths.oauth2Proxy, proxyFlags(keycloak.issuer));
    stops.push(proxy.stop);
    const workload = await startBrowserWorkload();
    stops.push(workload.close);
    const proxied = await startBrowserEnvoy(paths.envoy, {
      transport: 'http',
      authorizer: proxy.port,
      workload: workload.port,
      serverTls,
      includeRequestHeadersInCheck: ['authorization', 'cookie', 'accept', 'x-forwarded-proto'],
      headersToUpstreamOnAllow: ['x-auth-request-*'],
      headersToDownstreamOnAllow: ['set-cookie'],
    });
    stops.push(proxied.stop);
    const stack = await startLoginStack(paths.envoy, {
      transport: 'http',
      serverTls,
      configuration: configuration(keycloak.issuer),
      clientSecret: client.secret,
    });
    stops.push(stack.stop);
    sites['oauth2-proxy'] = { origin: 'https://proxied.test', workload };
    sites['oidc-authz'] = { origin: 'https://app.test', workload: stack.workload };
    browser = await startBrowser(paths.chromium, serverTls.certFile, {
      port: stack.envoy.port,
      others: { 'proxied.test': proxied.port },
    });
    stops.push(() => browser.close());
  }, 300_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const signIn = async (page: Page, { origin }: Site, path = '/', name = 'anna') =>
    signInAt(page, `${origin}${path}`, keycloak.signIn, name);

  describe.each(names)('%s', (name) => {
    test('sends a navigation to the issuer, with PKCE, and back to the page with its query', async () => {
      const site = sites[name];
      const page = await newPage(browser);
      await page.goto(`${site.origin}/orders/17?view=all&x=%2F`);
      const { origin, pathname, searchParams: asked } = new URL(page.url());
      expect(`${origin}${pathname}`).toBe(`${keycloak.issuer}/protocol/openid-connect/auth`);
      expect({
        client: asked.get('client_id'),
        type: asked.get('response_type'),
        scope: asked.get('scope'),
        method: asked.get('code_challenge_method'),
        redirect: asked.get('redirect_uri'),
      }).toEqual({
        client: client.id,
        type: 'code',
        scope: 'openid profile email',
        method: 'S256',
        redirect: `${site.origin}/oauth2/callback`,
      });
      await keycloak.signIn(page, 'anna');
      await page.getByRole('heading', { name: 'Workload' }).waitFor();
      expect(page.url()).toBe(`${site.origin}/orders/17?view=all&x=%2F`);
    });

    test.each(['anna', 'ben'] as const)('forwards the identity of %s to the workload', async (person) => {
      const site = sites[name];
      const page = await newPage(browser);
      await signIn(page, site, `/identity-${person}`, person);
      const [request] = site.workload.of(`/identity-${person}`).slice(-1);
      const identity = Object.fromEntries(
        Object.entries(request?.headers ?? {}).filter(([header]) => header.startsWith('x-auth-request-')),
      );
      expect(identity).toEqual({
        'x-auth-request-user': await keycloak.idOf(person),
        'x-auth-request-email': `${person}@example.com`,
        'x-auth-request-preferred-username': person,
        ...(person === 'anna' && {
          'x-auth-request-groups': expect.stringMatching(/^(staff,admins|admins,staff)$/),
        }),
      });
      expect(request?.headers.authorization === undefined).toBe(name === 'oauth2-proxy');
    });

    test('starts a login on its path, with a return address', async () => {
      const site = sites[name];
      const page = await newPage(browser);
      await page.goto(`${site.origin}/oauth2/start?rd=%2Fwanted%3Fa%3D1`);
      await keycloak.signIn(page, 'anna');
      await page.getByRole('heading', { name: 'Workload' }).waitFor();
      expect(page.url()).toBe(`${site.origin}/wanted?a=1`);
    });

    test('refuses a return address at another site', async () => {
      const site = sites[name];
      const page = await newPage(browser);
      await page.goto(`${site.origin}/oauth2/start?rd=https%3A%2F%2Fevil.test%2F`);
      await keycloak.signIn(page, 'anna');
      await page.getByRole('heading', { name: 'Workload' }).waitFor();
      expect(page.url()).toBe(`${site.origin}/`);
    });

    test('removes its cookies at a sign-out', async () => {
      const site = sites[name];
      const page = await newPage(browser);
      await signIn(page, site);
      const names = await ownCookies(page, site);
      expect(names).not.toEqual([]);
      const [answer] = await Promise.all([
        page.waitForResponse((one) => one.url() === `${site.origin}/oauth2/sign_out`),
        page.goto(`${site.origin}/oauth2/sign_out`),
      ]);
      const deleted = (await answer.headerValues('set-cookie'))
        .filter((line) => /Max-Age=0|Expires=\w+, \d\d[ -]\w+[ -](19|200|201)/i.test(line))
        .map((line) => line.split('=')[0]);
      expect(deleted).toEqual(expect.arrayContaining(names));
    });
  });

  describe('differs on purpose', () => {
    /** Does the same at both sites. */
    const atBoth = async <Result>(act: (page: Page, site: Site) => Promise<Result>) => {
      const results = {} as Record<(typeof names)[number], Result>;
      for (const name of names) results[name] = await act(await newPage(browser), sites[name]);
      return results;
    };

    test('the page about the person is an answer, not an allow: oauth2-proxy lets the request through', async () => {
      const results = await atBoth(async (page, site) => {
        await signIn(page, site);
        const before = site.workload.of('/oauth2/userinfo').length;
        const { status, body = '' } = await fetchInPage(page, '/oauth2/userinfo');
        return { status, body, forwarded: site.workload.of('/oauth2/userinfo').length - before };
      });
      expect(results['oauth2-proxy']).toMatchObject({ status: 200, forwarded: 1 });
      expect(results['oidc-authz']).toMatchObject({ status: 403, forwarded: 0 });
      expect(JSON.parse(results['oidc-authz'].body)).toEqual({
        user: await keycloak.idOf('anna'),
        email: 'anna@example.com',
        groups: expect.arrayContaining(['staff', 'admins']),
        preferredUsername: 'anna',
      });
    });

    test('a sign-out ends the session at the issuer: with oauth2-proxy the next page signs in again', async () => {
      const results = await atBoth(async (page, site) => {
        await signIn(page, site);
        await page.goto(`${site.origin}/oauth2/sign_out`);
        // Keycloak asks, because a session with a forwarded token does not keep the hint by default. It does not ask if it has
        // revoked the refresh token before the browser arrives.
        if (site.origin === 'https://app.test') {
          const question = page.locator('#kc-logout');
          const end = page.getByRole('heading', { name: 'You are signed out' });
          await question.or(end).waitFor();
          if (await question.isVisible()) await question.click();
          await end.waitFor();
        }
        await page.goto(`${site.origin}/again`);
        return new URL(page.url()).origin;
      });
      expect(results).toEqual({
        'oauth2-proxy': 'https://proxied.test',
        'oidc-authz': new URL(keycloak.issuer).origin,
      });
    });

    test('the workload receives no cookie of the login, and the token of the person', async () => {
      const results = await atBoth(async (page, site) => {
        await signIn(page, site);
        await page.goto(`${site.origin}/cookies`);
        const { cookie = '', authorization } = site.workload.of('/cookies').at(-1)?.headers ?? {};
        return {
          cookies: cookie.split('; ').map((one) => one.split('=')[0]),
          isToken: authorization !== undefined,
        };
      });
      expect(results).toEqual({
        'oauth2-proxy': { cookies: expect.arrayContaining(['_oauth2_proxy', 'workload-a']), isToken: false },
        'oidc-authz': { cookies: ['workload-a', 'workload-b'], isToken: true },
      });
    });

    test('a script without a session gets a 401, and no cookie of a login', async () => {
      const results = await atBoth(async (page, site) => {
        await signIn(page, site);
        const names = (await ownCookies(page, site)).map((name) => ({ name }));
        for (const { name } of names) await page.context().clearCookies({ name });
        const { status, error } = await fetchInPage(page, '/data');
        return { status, isBlocked: error !== undefined, cookies: (await ownCookies(page, site)).length };
      });
      expect(results).toEqual({
        'oauth2-proxy': { status: undefined, isBlocked: true, cookies: 1 },
        'oidc-authz': { status: 401, isBlocked: false, cookies: 0 },
      });
    });

    test('a form that is sent without a session is a page, and its address stays', async () => {
      const results = await atBoth(async (page, site) => {
        await signIn(page, site, '/form');
        for (const name of await ownCookies(page, site)) await page.context().clearCookies({ name });
        await page.getByRole('button', { name: 'Send' }).click();
        await page.waitForLoadState();
        return {
          url: page.url(),
          posts: site.workload.of('/orders').filter(({ method }) => method === 'POST').length,
        };
      });
      // The issuer signs in silently, and the order is lost without a word.
      expect(results).toEqual({
        'oauth2-proxy': { url: 'https://proxied.test/orders', posts: 0 },
        'oidc-authz': { url: 'https://app.test/orders', posts: 0 },
      });
    });
  });

  /** The names of the login's cookies. */
  async function ownCookies(page: Page, { origin }: Site): Promise<string[]> {
    const cookies = await page.context().cookies(origin);
    return cookies.map(({ name }) => name).filter((name) => /oauth2|oidc-authz/.test(name));
  }
});
