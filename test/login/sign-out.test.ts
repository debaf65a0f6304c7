/** Signing out: only a person or a page of the site can (LG-16), here and at the issuer. */
import { describe, expect, test } from 'vitest';
import { navigation, openBrowser } from './support/browser.ts';
import { beginLogin, browserOf, follow, issuerCalls, pageOf, signIn } from './support/steps.ts';
import { createLoginWorld, type WorldOptions } from './support/world.ts';

const path = '/.oidc-authz/sign-out';
const session = '__Host-oidc-authz';
const signedIn = async (options: WorldOptions = {}) => {
  const world = createLoginWorld(options);
  const browser = openBrowser();
  await signIn(world, browser);
  return { world, browser };
};

describe('acts at once', () => {
  test.each([
    ['a click on a page of the host', navigation],
    ['a page of the host that moves on', { ...navigation, 'sec-fetch-user': undefined }],
    ['a typed address', { ...navigation, 'sec-fetch-site': 'none' }],
    ['a click on a page of the same site', { ...navigation, 'sec-fetch-site': 'same-site' }],
  ])('for %s', async (_, headers) => {
    const { world, browser } = await signedIn();
    const decision = await world.answer(browser.request(path, headers));
    expect(decision).toMatchObject({ outcome: 'deny', reason: 'signed_out', browser: { status: 302 } });
    browser.receive(decision);
    expect(browser.cookies.size).toBe(0);
    expect(world.events).toContainEqual(['sessionEnded', 'main', 'sign_out']);
  });

  test.each([
    ['the origin of the host', { origin: 'https://shop.example.com' }],
    [
      'fetch metadata of the host, if its policy hides the origin',
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
    ],
  ])('for a POST with %s, and continues with 303', async (_, headers) => {
    const { world, browser } = await signedIn();
    const decision = await world.answer(browser.request(path, headers, 'POST'));
    expect(decision).toMatchObject({ reason: 'signed_out', browser: { status: 303 } });
  });
});

describe('asks first, and changes nothing', () => {
  test.each([
    ['a click on a page of another site', { ...navigation, 'sec-fetch-site': 'cross-site' }],
    [
      'a page of the same site that moves on',
      { ...navigation, 'sec-fetch-site': 'same-site', 'sec-fetch-user': undefined },
    ],
    ['a click with an unknown site', { ...navigation, 'sec-fetch-site': undefined }],
    [
      'a page of another site that moves on',
      { ...navigation, 'sec-fetch-site': 'cross-site', 'sec-fetch-user': undefined },
    ],
    ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'cross-site' }],
    [
      'an image of the host',
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'same-origin' },
    ],
    [
      'a script of the host',
      { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' },
    ],
    ['a frame', { ...navigation, 'sec-fetch-dest': 'iframe' }],
    ['a prefetch', { ...navigation, 'sec-purpose': 'prefetch' }],
    ['a browser without fetch metadata', { accept: 'text/html' }],
  ])('for %s', async (_, headers) => {
    const { world, browser } = await signedIn();
    const decision = await world.answer(browser.request(path, headers));
    expect(browserOf(decision)).toMatchObject({ status: 200, cookies: [] });
    expect(pageOf(decision)).toMatch(
      /<form[^>]*method="post"[^>]*action="\/\.oidc-authz\/sign-out"|<form[^>]*action="\/\.oidc-authz\/sign-out"[^>]*method="post"/,
    );
    expect(await world.answer(browser.request('/'))).toMatchObject({ outcome: 'allow' });
    expect(issuerCalls(world)).toEqual(['authorizationUrl', 'finish']);
  });

  test('for HEAD', async () => {
    const { world, browser } = await signedIn();
    await world.answer(browser.request(path, navigation, 'HEAD'));
    expect(await world.answer(browser.request('/'))).toMatchObject({ outcome: 'allow' });
  });
});

test.each([
  ['another origin', { origin: 'https://evil.example' }],
  ['another origin of the site', { origin: 'https://other.example.com', 'sec-fetch-site': 'same-site' }],
  ['the origin over http', { origin: 'http://shop.example.com' }],
  ['the origin null', { origin: 'null' }],
  ['no origin', {}],
])('a POST with %s is refused', async (_, headers) => {
  const { world, browser } = await signedIn();
  const decision = await world.answer(browser.request(path, headers, 'POST'));
  expect(decision).toMatchObject({ outcome: 'deny', reason: 'origin_not_allowed', browser: { cookies: [] } });
  expect(await world.answer(browser.request('/'))).toMatchObject({ outcome: 'allow' });
});

describe('the session', () => {
  test('no longer counts, although a copy of the cookie is sent', async () => {
    const { world, browser } = await signedIn();
    const copy = browser.cookies.get(session);
    await world.answer(browser.request(path));
    if (copy !== undefined) browser.cookies.set(session, copy);
    expect(await world.answer(browser.request('/'))).toMatchObject({ reason: 'session_expired' });
  });

  test('ends at the issuer too: with the hint, the page to return to, and a state', async () => {
    const { world, browser } = await signedIn();
    const decision = await world.answer(browser.request(path));
    expect(browserOf(decision).location).toContain('https://main.idp.example.com/end-session?state=');
    expect(world.clients[0].calls.at(-1)).toEqual({
      name: 'endSessionUrl',
      of: {
        idToken: 'id-token-of-anna',
        returnTo: 'https://shop.example.com/.oidc-authz/signed-out',
        state: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      },
    });
  });

  test.each([
    [true, 'id-token-of-anna'],
    ['auto', 'id-token-of-anna'],
    [false, undefined],
  ])('with signOut.hint: %j has the hint %s', async (hint, idToken) => {
    const { world, browser } = await signedIn({ issuers: [{ signOut: { hint } }] });
    await world.answer(browser.request(path));
    expect(world.clients[0].calls.at(-1)?.of).toMatchObject({ idToken });
  });

  test('with signOut.hint: auto has no hint that needs a second cookie', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const { finish } = world.clients[0];
    world.clients[0].finish = async (...of) => ({ ...(await finish(...of)), idToken: 'x'.repeat(5_000) });
    await signIn(world, browser);
    expect([...browser.cookies.keys()]).toEqual([session]);
    await world.answer(browser.request(path));
    expect(world.clients[0].calls.at(-1)?.of).toMatchObject({ idToken: undefined });
  });

  test('that has ended counts as none: the holder of its cookie learns and ends nothing', async () => {
    const { world, browser } = await signedIn({ sessions: { idleTimeout: '10m' } });
    await world.clock.advance(12 * 60_000);
    const dead = await world.answer(browser.request(path));
    const none = await world.answer(openBrowser().request(path));
    const { cookies, ...answer } = browserOf(dead);
    expect({ ...answer, cookies: [] }).toEqual(browserOf(none));
    expect(cookies).toHaveLength(1);
    expect(issuerCalls(world)).toEqual(['authorizationUrl', 'finish']);
  });

  test('has its refresh token revoked', async () => {
    const { world, browser } = await signedIn({ sessions: { refresh: true } });
    await world.answer(browser.request(path));
    expect(world.clients[0].calls).toContainEqual({ name: 'revoke', of: 'refresh-token-of-anna' });
  });

  test('is revoked and hinted at with the newest tokens, whose cookie has not arrived', async () => {
    const { world, browser } = await signedIn({
      sessions: { refresh: true },
      newestOf: (old) => ({ ...old, refreshToken: 'newest refresh token', idToken: 'newest ID token' }),
    });
    await world.answer(browser.request(path));
    expect(world.clients[0].calls).toContainEqual({ name: 'revoke', of: 'newest refresh token' });
    expect(world.clients[0].calls.at(-1)?.of).toMatchObject({ idToken: 'newest ID token' });
  });

  test('ends although the revocation fails, which is reported', async () => {
    const { world, browser } = await signedIn({ sessions: { refresh: true } });
    world.clients[0].revoke = async () => ({ kind: 'unavailable', detail: 'connection refused' });
    expect(await world.answer(browser.request(path))).toMatchObject({ reason: 'signed_out' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.events).toContainEqual(['revocationFailed', 'main', 'connection refused']);
  });

  test('ends although the issuer has no sign-out; the page then says so', async () => {
    const { world, browser } = await signedIn();
    world.clients[0].endSession = undefined;
    const decision = await world.answer(browser.request(path));
    expect(browserOf(decision).location).toBe('/.oidc-authz/signed-out?here');
    const here = pageOf(await world.answer(browser.request('/.oidc-authz/signed-out?here')));
    const there = pageOf(await world.answer(browser.request('/.oidc-authz/signed-out?state=x')));
    expect(here).not.toBe(there);
  });

  test('takes logins in progress with it', async () => {
    const { world, browser } = await signedIn();
    const callback = await (async () => {
      browser.receive(await world.answer(browser.request('/.oidc-authz/start')));
      return `/.oidc-authz/callback?code=2&state=${world.clients[0].started?.state}`;
    })();
    browser.receive(await world.answer(browser.request(path)));
    await follow(world, browser, callback);
    expect(issuerCalls(world).filter((name) => name === 'finish')).toHaveLength(1);
  });
});

test('without a session, cookies are deleted and the page says so', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  await beginLogin(world, browser);
  browser.cookies.set(session, { value: 'unreadable', secure: true });
  const decision = await world.answer(browser.request(path));
  browser.receive(decision);
  expect(browserOf(decision)).toMatchObject({ status: 302, location: '/.oidc-authz/signed-out' });
  expect(browser.cookies.size).toBe(0);
});

describe('after a sign-out', () => {
  test('a page says so, with a link to sign in', async () => {
    const world = createLoginWorld();
    const decision = await world.answer(openBrowser().request('/.oidc-authz/signed-out?state=x'));
    expect(decision).toMatchObject({ reason: 'signed_out', browser: { status: 200, cookies: [] } });
    expect(pageOf(decision)).toContain('/.oidc-authz/start?rd=%2F');
  });

  test.each([
    ['/goodbye', 'https://shop.example.com/goodbye'],
    ['https://a.apps.example.com/', 'https://a.apps.example.com/'],
  ])('afterSignOut %s goes to %s', async (afterSignOut, location) => {
    const world = createLoginWorld({ login: { afterSignOut } });
    const decision = await world.answer(
      openBrowser().request('/.oidc-authz/signed-out?rd=https://evil.example'),
    );
    expect(browserOf(decision)).toMatchObject({ status: 302, location });
  });
});

test('a dry run ends nothing', async () => {
  const { world, browser } = await signedIn();
  await world.answer(browser.request(path), () => {});
  expect(await world.answer(browser.request('/'))).toMatchObject({ outcome: 'allow' });
});
