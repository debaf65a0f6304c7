/** The story of a login, with a real Keycloak, a real Envoy and a real Chromium, over both transports. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findChromium } from '../../tools/chromium.ts';
import { findEnvoy } from '../../tools/envoy.ts';
import { findKeycloak } from '../../tools/keycloak.ts';
import { until } from '../support/app.ts';
import { client, type LoginKeycloak, startLoginKeycloak } from '../support/login/keycloak.ts';
import { fetchInPage, newPage, ownCookies, signInAt } from '../support/login/pages.ts';
import { type LoginSite, origin, startLoginSite } from '../support/login/site.ts';
import { transports } from '../support/login/stack.ts';
import { describeWithAll } from '../support/real-servers.ts';
import { newSessionKey } from '../support/session-key.ts';

/** The cookies of a session that keeps the ID token as the hint of the sign-out. */
const chunks = ['__Host-oidc-authz.0', '__Host-oidc-authz.1'];

const found = { chromium: await findChromium(), envoy: await findEnvoy(), keycloak: await findKeycloak() };

describeWithAll('a login at a real Keycloak', found, (paths) => {
  let keycloak: LoginKeycloak;

  beforeAll(async () => {
    keycloak = await startLoginKeycloak(paths.keycloak, { origins: [origin, 'https://other.test'] });
  }, 300_000);

  afterAll(() => keycloak?.stop());

  describe.each(transports)('over %s', (transport) => {
    let site: LoginSite;

    beforeAll(async () => {
      site = await startLoginSite(paths, {
        transport,
        issuers: { main: keycloak.issuer },
        // Without it, Keycloak asks, because the session with the forwarded token needs more than one cookie.
        issuerLogin: 'signOut: {hint: true}',
      });
    });

    afterAll(() => site?.stop());

    const signIn = async (path = '/', name = 'anna') => {
      const page = await newPage(site.browser);
      await signInAt(page, `${origin}${path}`, keycloak.signIn, name);
      return page;
    };

    test('a click and a typed name sign a person in, and the wanted page opens with its query', async () => {
      const page = await signIn('/orders/17?view=all&x=%2F');
      expect(page.url()).toBe(`${origin}/orders/17?view=all&x=%2F`);
      const sessions = (await page.context().cookies(origin)).filter(({ name }) =>
        name.includes('oidc-authz'),
      );
      expect(sessions.map(({ name }) => name).toSorted()).toEqual(chunks);
      for (const session of sessions)
        expect(session).toMatchObject({
          domain: 'app.test',
          path: '/',
          secure: true,
          httpOnly: true,
          sameSite: 'Lax',
        });
    });

    test('the workload learns who it is, gets a token, and no cookie of the login', async () => {
      const page = await signIn('/identity');
      await page.goto(`${origin}/identity?again`);
      const headers = site.workload.lastHeaders('/identity');
      expect(headers).toMatchObject({
        'x-auth-request-user': await keycloak.idOf('anna'),
        'x-auth-request-email': 'anna@example.com',
        'x-auth-request-preferred-username': 'anna',
      });
      expect(headers['x-auth-request-groups']?.split(',').toSorted()).toEqual(['admins', 'staff']);
      expect(headers.cookie).toBe('workload-a=1; workload-b=2');
      const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      expect(claims).toMatchObject({ iss: keycloak.issuer, typ: 'Bearer', preferred_username: 'anna' });
      const names = (await page.context().cookies(origin)).map(({ name }) => name).toSorted();
      expect(names).toEqual([...chunks, 'workload-a', 'workload-b']);
    });

    test('a script of the page sends the session, and learns where to sign in without one', async () => {
      const page = await signIn();
      expect(await fetchInPage(page, '/data')).toMatchObject({ status: 200, body: '{"data":true}' });
      for (const name of await ownCookies(page, origin)) await page.context().clearCookies({ name });
      const answer = await fetchInPage(page, '/data?x=1');
      expect(answer).toMatchObject({ status: 401, redirected: false });
      expect(answer.headers?.['www-authenticate']).toMatch(/^Bearer/);
      expect(await ownCookies(page, origin)).toEqual([]);
      const start = answer.headers?.['x-oidc-authz-login'] ?? '';
      expect(start).toMatch(/^\/\.oidc-authz\/start\?/);
      await page.goto(`${origin}${start}`);
      // Keycloak still knows the person.
      await page.waitForURL(`${origin}/data?x=1`);
    });

    test('a second host signs in silently, with a session of its own', async () => {
      const page = await signIn();
      await page.goto('https://other.test/hello');
      await page.waitForURL('https://other.test/hello');
      const cookies = (await page.context().cookies()).filter(({ name }) => name === chunks[0]);
      expect(cookies.map(({ domain }) => domain).toSorted()).toEqual(['app.test', 'other.test']);
      expect(new Set(cookies.map(({ value }) => value)).size).toBe(2);
    });

    test('a sign-out ends the session here and at Keycloak, and says so', async () => {
      const page = await signIn('/leaving');
      const before = await page.context().cookies(origin);
      await page.goto(`${origin}/.oidc-authz/sign-out`);
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/.oidc-authz/signed-out');
      expect(await ownCookies(page, origin)).toEqual([]);
      await page.goto(`${origin}/again`);
      await page.locator('#username').waitFor();

      // A copy of the cookie is of no use.
      await page.context().addCookies(before.filter(({ name }) => chunks.includes(name)));
      await page.goto(`${origin}/again`);
      await page.locator('#username').waitFor();
    });

    test('a machine with a token uses the same host as before, with any cookies', async () => {
      const page = await signIn();
      const cookie = (await page.context().cookies(origin))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
      const ask = (path: string, headers: Record<string, string>) => fetchInPage(page, path, { headers });
      const token = await keycloak.token();
      for (const path of ['/machine', '/api/machine']) {
        expect((await ask(path, { authorization: `Bearer ${token}` })).status).toBe(200);
        const headers = site.workload.lastHeaders(path);
        expect(headers['x-auth-request-preferred-username']).toBe('service-account-machine');
        expect(headers['x-auth-request-email']).toBeUndefined();
        expect(headers.cookie ?? '').not.toContain('oidc-authz');
      }
      expect(cookie).toContain('__Host-oidc-authz');
      const refused = await ask('/machine', { authorization: `Bearer ${token}x` });
      expect([refused.status, refused.redirected]).toEqual([401, false]);
      // A session does not count where only tokens do.
      expect((await ask('/api/machine', {})).status).toBe(401);
    });

    test('an ID token is not accepted as the token of a machine', async () => {
      const page = await signIn();
      const tokens = await keycloak.tokensOf('anna');
      const answer = await fetchInPage(page, '/machine', {
        headers: { authorization: `Bearer ${tokens.id_token}` },
      });
      expect(answer.status).toBe(401);
    });

    test('sessions outlive a restart and a rotation of the keys, until their key is removed', async () => {
      const page = await signIn('/rotation');
      const isSignedIn = async () => (await fetchInPage(page, '/data')).status === 200;
      await site.service.restart();
      expect(await isSignedIn()).toBe(true);

      const old = readFileSync(site.service.keysFile, 'utf8');
      const reloads = () => site.service.log().split('the session keys were reloaded').length;
      const before = reloads();
      writeFileSync(site.service.keysFile, `${newSessionKey()}${old}`);
      await until(() => reloads() > before);
      expect(await isSignedIn()).toBe(true);

      writeFileSync(site.service.keysFile, newSessionKey());
      await until(async () => !(await isSignedIn()));
      await page.goto(`${origin}/rotated`);
      await page.getByRole('heading', { name: 'Workload' }).waitFor();
      expect(await isSignedIn()).toBe(true);
    });

    test.each([
      ['does not answer', 'close'],
      ['answers 500', { status: 500, body: '{"error":"server_error"}' }],
      ['refuses the client', { status: 401, body: '{"error":"unauthorized_client"}' }],
    ] as const)('if the token endpoint %s, a page says so, and a second try succeeds', async (_, fault) => {
      const page = await newPage(site.browser);
      await page.goto(`${origin}/late`);
      keycloak.front.fault = ({ path }) => (path.endsWith('/token') ? fault : undefined);
      onTestFinished(() => {
        keycloak.front.fault = () => undefined;
      });
      const calls = keycloak.front.grants('authorization_code').length;
      const [answer] = await Promise.all([
        page.waitForResponse((one) => one.url().startsWith(`${origin}/.oidc-authz/callback`)),
        keycloak.signIn(page, 'anna'),
      ]);
      await page.getByRole('heading', { name: 'The sign-in is not available' }).waitFor();
      expect([401, 403]).toContain(answer.status());
      expect(await answer.headerValue('retry-after')).toMatch(/^\d+$/);
      expect(await answer.headerValue('cache-control')).toContain('no-store');
      expect(keycloak.front.grants('authorization_code').length - calls).toBeLessThanOrEqual(1);
      expect(await page.content()).not.toMatch(/server_error|unauthorized_client/);
      keycloak.front.fault = () => undefined;
      await page.getByRole('link', { name: 'Try again' }).click();
      await page.waitForURL(`${origin}/late`);
    });

    test('no log has a code, a state, a cookie or a token', async () => {
      const page = await signIn('/secret-test');
      const values = (await page.context().cookies(origin))
        .map(({ value }) => value)
        .filter((value) => value.length > 20);
      const { form } = keycloak.front.grants('authorization_code').at(-1) ?? { form: new URLSearchParams() };
      const asked = keycloak.front.requests.findLast(({ query }) => query.has('state'))?.query;
      const token = site.workload.of('/secret-test').at(-1)?.headers.authorization?.replace('Bearer ', '');
      const secrets = [
        form.get('code'),
        form.get('code_verifier'),
        client.secret,
        asked?.get('state'),
        asked?.get('nonce'),
        ...(token ?? '').split('.'),
      ].map((one) => one ?? 'missing');
      expect(secrets.filter((one) => one.length < 12)).toEqual([]);
      secrets.push(...values);
      const log = site.service.log();
      expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
      const metrics = await (await fetch(`http://127.0.0.1:${site.service.adminPort}/metrics`)).text();
      expect(secrets.filter((secret) => metrics.includes(secret))).toEqual([]);
    });
  });
});
