/** The paths of the login: each answers its methods, and no answer is an allow (LG-13). */
import { describe, expect, test } from 'vitest';
import { createLoginPaths } from '../../src/login/login-paths.ts';
import { readCookies } from '../../src/session/read-cookies.ts';
import { plainPlace } from '../support/sessions.ts';
import { navigation, openBrowser, requestOf } from './support/browser.ts';
import { browserOf, headerOf, issuerCalls, pageOf, signIn } from './support/steps.ts';
import { createLoginWorld } from './support/world.ts';

const prefix = '/.oidc-authz';
const names = [
  'callback',
  'callback/main',
  'start',
  'choose',
  'sign-out',
  'signed-out',
  'user',
  'other',
  '',
  'a/b',
];
const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  '',
];

test('no path of the login is ever an allow, with or without a session', async () => {
  const world = createLoginWorld({ issuers: [{}, {}], place: { issuers: ['main'] } });
  const browser = openBrowser();
  await signIn(world, browser);
  for (const name of names)
    for (const method of methods)
      for (const one of [browser, openBrowser()]) {
        const decision = await world.answer(one.request(`${prefix}/${name}?rd=/orders`, navigation, method));
        expect(`${decision.outcome} ${method} ${name}`).not.toContain('allow ');
      }
});

describe('a path has only its methods', () => {
  test.each(
    names
      .flatMap((name) => methods.map((method) => [method, name] as const))
      .filter(
        ([method, name]) =>
          !(
            (method === 'GET' || (method === 'HEAD' && !name.startsWith('callback'))) &&
            names.indexOf(name) < 7
          ) && !(method === 'POST' && name === 'sign-out'),
      ),
  )('%j %j is 404', async (method, name) => {
    const world = createLoginWorld();
    const decision = await world.answer(openBrowser().request(`${prefix}/${name}`, navigation, method));
    expect(decision).toMatchObject({ outcome: 'deny', reason: 'login_path' });
    expect(decision).not.toHaveProperty('browser');
    expect(issuerCalls(world)).toEqual([]);
  });
});

test('the callback does not answer HEAD, which would use the code', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  browser.receive(await world.answer(browser.request('/orders')));
  const { started } = world.clients[0];
  const path = `${prefix}/callback?code=1&state=${started?.state}`;
  expect(await world.answer(browser.request(path, navigation, 'HEAD'))).toMatchObject({
    reason: 'login_path',
  });
  expect(issuerCalls(world)).toEqual(['authorizationUrl']);
});

test('a host or a place without a login refuses', async () => {
  const world = createLoginWorld({ placeOf: () => undefined });
  expect(await world.answer(openBrowser().request(`${prefix}/start`))).toMatchObject({
    reason: 'login_path',
  });
  const other = createLoginWorld();
  expect(await other.answer(openBrowser('evil.example').request(`${prefix}/start`))).toMatchObject({
    reason: 'login_path',
  });
});

describe('start', () => {
  test.each([
    ['', '/'],
    ['?rd=/orders', '/orders'],
    ['?rd=%2Forders%3Fx%3D1', '/orders?x=1'],
    ['?rd=//evil.example', '/'],
    ['?rd=https://evil.example', '/'],
    ['?rd=/a&rd=/b', '/'],
    ['?rd=/.oidc-authz/sign-out', '/'],
    ['?rd=%2F%09%2Fevil.example', '/'],
    [`?rd=/${'a'.repeat(9_000)}`, '/'],
  ])('%s returns to %s', async (query, returnTo) => {
    const world = createLoginWorld();
    const browser = openBrowser();
    browser.receive(await world.answer(browser.request(`${prefix}/start${query}`)));
    const path = `${prefix}/callback?code=1&state=${world.clients[0].started?.state}`;
    expect(browserOf(await world.answer(browser.request(path))).location).toBe(returnTo);
    const isRefused = returnTo === '/' && query !== '';
    expect(world.events.some(([name]) => name === 'returnAddressRefused')).toBe(isRefused);
  });

  test('takes only an issuer of the place', async () => {
    const world = createLoginWorld({ issuers: [{}, {}, {}], place: { issuers: ['main', 'other1'] } });
    const chosen = await world.answer(openBrowser().request(`${prefix}/start?issuer=other1`));
    expect(browserOf(chosen).location).toContain('other1.idp.example.com');
    for (const issuer of ['other2', 'none', '', 'main&issuer=main', 'constructor']) {
      const decision = await world.answer(openBrowser().request(`${prefix}/start?issuer=${issuer}`));
      expect(browserOf(decision)).toMatchObject({ status: 200, cookies: [] });
      expect(pageOf(decision)).not.toContain('other2');
    }
  });

  test('uses the place of the return address', async () => {
    const base = createLoginWorld({ issuers: [{}, {}] });
    const world = createLoginWorld({
      issuers: [{}, {}],
      placeOf: (_, path) =>
        path.startsWith('/partners')
          ? { ...base.place, issuers: ['other1'] }
          : { ...base.place, issuers: ['main'] },
    });
    const partners = await world.answer(openBrowser().request(`${prefix}/start?rd=/partners/x`));
    expect(browserOf(partners).location).toContain('other1.idp.example.com');
    const others = await world.answer(openBrowser().request(`${prefix}/start?rd=/orders&issuer=other1`));
    expect(browserOf(others).location).toContain('main.idp.example.com');
  });

  test('by an image, a script, a frame or a prefetch starts nothing, so it cannot throw out logins', async () => {
    const world = createLoginWorld();
    for (const headers of [
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
      { ...navigation, 'sec-fetch-dest': 'iframe' },
      { ...navigation, 'sec-purpose': 'prefetch;prerender' },
    ])
      expect(browserOf(await world.answer(openBrowser().request(`${prefix}/start`, headers)))).toMatchObject({
        status: 401,
        cookies: [],
      });
    expect(issuerCalls(world)).toEqual([]);
  });

  test('by a client without fetch metadata starts a login', async () => {
    const world = createLoginWorld();
    const decision = await world.answer(openBrowser().request(`${prefix}/start`, { accept: '*/*' }));
    expect(browserOf(decision).status).toBe(302);
  });

  test('begins a login for a person with a session too, to change the account', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    await signIn(world, browser);
    expect(browserOf(await world.answer(browser.request(`${prefix}/start`))).location).toContain(
      '/authorize',
    );
  });
});

test('choose shows a page with status 200, also with one issuer', async () => {
  const world = createLoginWorld();
  const decision = await world.answer(openBrowser().request(`${prefix}/choose?rd=/orders&issuer=main`));
  expect(browserOf(decision)).toMatchObject({ status: 200, cookies: [] });
  expect(pageOf(decision)).toContain('href="/.oidc-authz/start?issuer=main&amp;rd=%2Forders"');
});

describe('paths that are renamed', () => {
  const login = {
    paths: {
      prefix: '/auth',
      callback: '/oauth2/callback',
      start: '/oauth2/start',
      signOut: '/oauth2/sign_out',
      user: '/oauth2/userinfo',
    },
  };

  test('are those of oauth2-proxy, so that registered redirect URIs stay', async () => {
    const world = createLoginWorld({ login });
    const browser = openBrowser();
    browser.receive(await world.answer(browser.request('/oauth2/start?rd=/orders')));
    expect(world.clients[0].started?.redirectUri).toBe('https://shop.example.com/oauth2/callback');
    const path = `/oauth2/callback?code=1&state=${world.clients[0].started?.state}`;
    const decision = await world.answer(browser.request(path));
    browser.receive(decision);
    expect(browserOf(decision).location).toBe('/orders');
    expect(browserOf(await world.answer(browser.request('/oauth2/userinfo'))).status).toBe(200);
    expect(browserOf(await world.answer(browser.request('/oauth2/sign_out'))).status).toBe(302);
  });

  test('leave their default names to the prefix, and other names to the workload', () => {
    const { isOwnPath } = createLoginWorld({ login }).logins;
    expect(['/auth', '/auth/start', '/auth/signed-out', '/oauth2/callback/x'].every(isOwnPath)).toBe(true);
    expect(
      ['/oauth2', '/oauth2/other', '/.oidc-authz/start', '/authx', '/oauth2/callbackx'].some(isOwnPath),
    ).toBe(false);
  });
});

test('the name of an issuer in a redirect URI is one segment, percent-encoded', () => {
  const paths = createLoginPaths({ prefix }, true);
  expect(paths.callbackOf('a b/c')).toBe('/.oidc-authz/callback/a%20b%2Fc');
  expect(paths.read('/.oidc-authz/callback/a%20b')).toEqual({ name: 'callback', issuer: 'a b' });
  for (const path of ['/.oidc-authz/callback/', '/.oidc-authz/callback/a/b', '/.oidc-authz/callback/%zz'])
    expect(paths.read(path)).toEqual({ name: 'unknown' });
});

describe('user', () => {
  test('answers who is signed in, in the form of oauth2-proxy', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    await signIn(world, browser);
    const decision = await world.answer(browser.request(`${prefix}/user`));
    expect(decision).toMatchObject({ reason: 'login_path', browser: { status: 200 } });
    expect(browserOf(decision).page?.type).toBe('application/json');
    expect(JSON.parse(pageOf(decision))).toEqual({
      user: 'anna',
      email: 'anna@example.com',
      preferredUsername: 'anna',
    });
  });

  test('is 401 without a session, also for a page, and never a redirect', async () => {
    const world = createLoginWorld();
    const decision = await world.answer(openBrowser().request(`${prefix}/user`));
    expect(decision).toMatchObject({ reason: 'login_required', browser: { status: 401, cookies: [] } });
    expect(headerOf(decision, 'x-oidc-authz-login')).toBeUndefined();
  });
});

test('a person without rights gets a page with a sign-out, and never a new login', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await signIn(world, browser);
  const denial = { outcome: 'deny', reason: 'claim_not_allowed' } as const;
  const { logins, place } = world;
  const shown = logins.explainDenial(denial, browser.request('/admin'), place);
  expect(browserOf(shown)).toMatchObject({ status: 403, cookies: [] });
  expect(pageOf(shown)).toContain('/.oidc-authz/sign-out');
  expect(pageOf(shown)).toContain('anna@example.com');
  const script = browser.request('/api', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' });
  expect(logins.explainDenial(denial, script, place)).toBe(denial);
  const unavailable = { outcome: 'error', reason: 'keys_unavailable' } as const;
  expect(logins.explainDenial(unavailable, browser.request('/admin'), place)).toBe(unavailable);
  const late = { outcome: 'error', reason: 'login_unavailable' } as const;
  const wait = logins.explainDenial(late, browser.request('/admin'), place);
  expect(browserOf(wait)).toMatchObject({ status: 403, cookies: [] });
  expect(headerOf(wait, 'retry-after')).toBe('5');
  expect(pageOf(wait)).toContain('/.oidc-authz/start?rd=%2Fadmin');
  expect(logins.explainDenial(late, script, place)).toBe(late);
  const forged = { outcome: 'deny', reason: 'origin_not_allowed' } as const;
  expect(logins.explainDenial(forged, browser.request('/admin'), place)).toBe(forged);
});

test('a dry run of a denial caches no session', async () => {
  const browser = openBrowser();
  await signIn(createLoginWorld(), browser);
  const { logins, place, store, clock } = createLoginWorld();
  const request = browser.request('/admin');
  const find = () => store.find(readCookies(request.header('cookie')), { ...plainPlace });
  logins.explainDenial({ outcome: 'deny', reason: 'claim_not_allowed' }, request, place, () => {});
  await clock.advance(0);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(await find()).toMatchObject({ isCached: false });
});

test('an allow keeps the cookies of the service from the workload, and leaves the others unchanged', async () => {
  const world = createLoginWorld();
  const { cookieChanges } = world.logins;
  const withCookie = (cookie: string) => requestOf({ headers: { cookie } });
  expect(cookieChanges(withCookie('a=1; b="x,y"'), [])).toBeUndefined();
  expect(cookieChanges(requestOf({}), [])).toBeUndefined();
  expect(cookieChanges(withCookie('a=1; __Host-oidc-authz=x; b=2'), [])).toEqual({
    set: [],
    forwarded: 'a=1; b=2',
  });
  expect(cookieChanges(withCookie('__Host-oidc-authz.0=x;__Host-oidc-authz-login-abcdefgh=y'), [])).toEqual({
    set: [],
    forwarded: '',
  });
  expect(cookieChanges(withCookie('a=1'), ['new=1'])).toEqual({ set: ['new=1'], forwarded: undefined });
});

test('cookies that no response can carry are removed together with ours, so that the check never fails', () => {
  const { cookieChanges } = createLoginWorld().logins;
  const rest = (length: number) =>
    cookieChanges(requestOf({ headers: { cookie: `a=${'x'.repeat(length - 2)}; __Host-oidc-authz=x` } }), [])
      ?.forwarded?.length;
  expect([rest(48 * 1024), rest(48 * 1024 + 1), rest(90 * 1024)]).toEqual([48 * 1024, 0, 0]);
});
