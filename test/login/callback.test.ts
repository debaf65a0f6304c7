/** The callback: nothing is fetched and nothing is learned before the `state` holds, and each code is used once. */

import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { openBrowser, requestOf } from './support/browser.ts';
import { tokensOf } from './support/fake-client.ts';
import {
  beginLogin,
  browserOf,
  callbackOf,
  follow,
  fromIssuer,
  headerOf,
  issuerCalls,
  pageOf,
  signIn,
} from './support/steps.ts';
import { createLoginWorld } from './support/world.ts';

const sessionCookie = '__Host-oidc-authz';

test('a login ends with a session, at the page that was asked for', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  const decision = await signIn(world, browser, '/orders?x=1');
  expect(decision).toMatchObject({ outcome: 'deny', reason: 'login_completed', issuerName: 'main' });
  expect(browserOf(decision)).toMatchObject({ status: 302, location: '/orders?x=1' });
  expect(headerOf(decision, 'referrer-policy')).toBe('no-referrer');
  expect([...browser.cookies.keys()]).toEqual([sessionCookie]);
  const allowed = await world.answer(browser.request('/orders?x=1'));
  expect(allowed).toMatchObject({ outcome: 'allow', identity: { subject: 'anna', issuerName: 'main' } });
  expect(world.events).toContainEqual(['loginFinished', 'main', 'success', { seconds: expect.any(Number) }]);
});

test('the client gets the whole callback and the secrets of this login', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  const callback = await beginLogin(world, browser);
  await follow(world, browser, `${callback}&session_state=s&iss=https%3A%2F%2Fmain.idp.example.com`);
  expect(world.clients[0].calls.at(-1)).toEqual({
    name: 'finish',
    of: {
      callback: `https://shop.example.com${callback}&session_state=s&iss=https%3A%2F%2Fmain.idp.example.com`,
      start: world.clients[0].started,
    },
  });
});

describe('a callback that belongs to no login of the browser (LG-01)', () => {
  const cases: readonly [name: string, change: (callback: string) => string][] = [
    ['of an attacker', (callback) => callback.replace(/state=./, 'state=A')],
  ];
  const unreadable: readonly [name: string, change: (callback: string) => string][] = [
    ['without a state', (callback) => callback.replace(/&state=.*/, '')],
    ['with an error and without a state', (callback) => callback.replace(/\?.*/, '?error=server_error')],
    ['with an empty state', (callback) => callback.replace(/state=.*/, 'state=')],
    ['with two states', (callback) => `${callback}&state=${'A'.repeat(43)}`],
    ['with a state of another form', (callback) => callback.replace(/state=.*/, 'state=a%0ab')],
    ['longer than 4 KiB', (callback) => `${callback}&x=${'a'.repeat(4_096)}`],
  ];
  test.each(unreadable)('%s ends with a page, not in a loop', async (_, change) => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const decision = await follow(world, browser, change(callback));
    expect(issuerCalls(world)).toEqual(['authorizationUrl']);
    expect(decision).toMatchObject({ reason: 'login_failed', browser: { status: 403 } });
    expect(browser.cookies.has(sessionCookie)).toBe(false);
  });

  test.each(cases)('%s reaches no token endpoint, and starts one new login', async (_, change) => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const decision = await follow(world, browser, change(callback));
    expect(issuerCalls(world)).toEqual(['authorizationUrl', 'authorizationUrl']);
    expect(decision).toMatchObject({ reason: 'login_required', browser: { status: 302 } });
    expect(browser.cookies.has(sessionCookie)).toBe(false);
  });

  test('with the code of an attacker and the login of the victim does not reach the token endpoint', async () => {
    const world = createLoginWorld();
    const [victim, attacker] = [openBrowser(), openBrowser()];
    const ofAttacker = await beginLogin(world, attacker);
    await beginLogin(world, victim);
    await follow(world, victim, ofAttacker);
    expect(issuerCalls(world)).not.toContain('finish');
    expect(victim.cookies.has(sessionCookie)).toBe(false);
  });

  test('for the second time ends with a page instead of a loop', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    let callback = await beginLogin(world, browser);
    browser.cookies.clear();
    const first = await follow(world, browser, callback);
    expect(browserOf(first).status).toBe(302);
    callback = callbackOf(world);
    browser.cookies.clear();
    const second = await follow(world, browser, callback);
    expect(second).toMatchObject({ reason: 'login_failed', browser: { status: 403, cookies: [] } });
    expect(pageOf(second)).toContain('href="/.oidc-authz/start?rd=%2F"');
    expect(issuerCalls(world)).toEqual(['authorizationUrl', 'authorizationUrl']);
  });

  test('says that the cookie of the login has another key, and does not ask to allow cookies', async () => {
    const [other, world] = [createLoginWorld({ keyId: 'otherkey' }), createLoginWorld()];
    const browser = openBrowser();
    await beginLogin(other, browser);
    const again = await follow(world, browser, callbackOf(other));
    expect(browserOf(again).status).toBe(302);
    expect(world.events).toContainEqual(['sessionLookup', 'invalid']);
    const state = new URL(browserOf(again).location ?? '').searchParams.get('state') ?? '';
    const sealed = [...browser.cookies.values()].at(0);
    const name = `__Host-oidc-authz-login-${createHash('sha256').update(state).digest('base64url').slice(0, 8)}`;
    browser.cookies.clear();
    if (sealed !== undefined) browser.cookies.set(name, sealed);
    const decision = await follow(world, browser, callbackOf(world));
    expect(decision).toMatchObject({ reason: 'login_failed', browser: { status: 403 } });
    expect(decision.detail?.().text).toContain(
      'belongs to no login of this browser: the cookie of the login is sealed with key otherkey, ' +
        'which is not in sessions.keysFile of this replica',
    );
    expect(pageOf(decision)).toContain('This application cannot use the cookies');
    expect(pageOf(decision)).not.toContain('Allow cookies');
  });

  test('is finished by the second attempt, if its cookie arrives', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    browser.cookies.clear();
    await follow(world, browser, callback);
    const decision = await follow(world, browser, callbackOf(world));
    expect(decision).toMatchObject({ reason: 'login_completed', browser: { location: '/' } });
  });

  test('continues with a session that is there', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    await signIn(world, browser);
    const decision = await follow(world, browser, `/.oidc-authz/callback?code=x&state=${'A'.repeat(43)}`);
    expect(decision).toMatchObject({ reason: 'login_completed', browser: { status: 302, location: '/' } });
    expect(issuerCalls(world)).toEqual(['authorizationUrl', 'finish']);
    expect(await world.answer(browser.request('/orders'))).toMatchObject({ outcome: 'allow' });
  });

  test('by a script or an image starts nothing', async () => {
    const world = createLoginWorld();
    const headers = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    const decision = await world.answer(
      openBrowser().request(`/.oidc-authz/callback?code=1&state=${'A'.repeat(43)}`, headers),
    );
    expect(browserOf(decision)).toMatchObject({ status: 401, cookies: [] });
    expect(issuerCalls(world)).toEqual([]);
  });
});

describe('a login cookie counts only', () => {
  test('for its own policy', async () => {
    const [one, other] = ['team-a', 'team-b'].map((policy) => createLoginWorld({ place: { policy } }));
    if (one === undefined || other === undefined) throw new Error('no world');
    const browser = openBrowser();
    const callback = await beginLogin(one, browser);
    await follow(other, browser, callback);
    expect(issuerCalls(other)).toEqual(['authorizationUrl']);
  });

  test('on its own host', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const cookie = [...browser.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
    const elsewhere = requestOf({
      host: 'a.apps.example.com',
      path: callback,
      headers: { ...fromIssuer, cookie },
    });
    await world.answer(elsewhere);
    expect(issuerCalls(world)).not.toContain('finish');
  });

  test('for 10 minutes, and a person with a session then goes to the page that the login was for', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser, '/late');
    const late = new Map(browser.cookies);
    await signIn(world, browser, '/other');
    await world.clock.advance(600_001);
    for (const [name, cookie] of late) browser.cookies.set(name, cookie);
    const decision = await follow(world, browser, callback);
    expect(decision).toMatchObject({ reason: 'login_completed', browser: { location: '/late' } });
    expect(issuerCalls(world).filter((name) => name === 'finish')).toHaveLength(1);
  });

  test('while its value is there once', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const request = browser.request(callback, fromIssuer);
    const [name] = browser.cookies.keys();
    const doubled = {
      ...request,
      header: (of: string) =>
        request.header(of).map((line) => (of === 'cookie' ? `${line}; ${name}=planted` : line)),
    };
    await world.answer(doubled);
    expect(issuerCalls(world)).not.toContain('finish');
  });

  test('unless a byte of it is changed', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const [[name, { value }] = ['', { value: '' }]] = [...browser.cookies];
    for (let index = 0; index < value.length; index += 17) {
      const changed = `${value.slice(0, index)}${value[index] === 'A' ? 'B' : 'A'}${value.slice(index + 1)}`;
      const cookie = `${name}=${changed}`;
      await world.answer(requestOf({ path: callback, headers: { ...fromIssuer, cookie } }));
    }
    expect(issuerCalls(world)).not.toContain('finish');
  });
});

describe('two issuers (LG-03)', () => {
  test('have redirect URIs of their own', async () => {
    const world = createLoginWorld({ issuers: [{}, {}] });
    for (const issuer of ['main', 'other1'])
      await world.answer(openBrowser().request(`/.oidc-authz/start?issuer=${issuer}&rd=/`));
    expect(world.clients.map(({ started }) => started?.redirectUri)).toEqual([
      'https://shop.example.com/.oidc-authz/callback/main',
      'https://shop.example.com/.oidc-authz/callback/other1',
    ]);
  });

  test('the answer of one at the redirect URI of the other reaches no token endpoint', async () => {
    const world = createLoginWorld({ issuers: [{}, {}] });
    const browser = openBrowser();
    browser.receive(await world.answer(browser.request('/.oidc-authz/start?issuer=main&rd=/')));
    const callback = callbackOf(world).replace('/callback/main', '/callback/other1');
    await follow(world, browser, callback);
    await follow(world, browser, callbackOf(world).replace('/callback/main', '/callback'));
    expect(issuerCalls(world)).not.toContain('finish');
  });

  test('the iss of another one is rejected, and the login ends', async () => {
    const world = createLoginWorld({ issuers: [{}, {}] });
    const browser = openBrowser();
    browser.receive(await world.answer(browser.request('/.oidc-authz/start?issuer=main&rd=/')));
    const decision = await follow(
      world,
      browser,
      `${callbackOf(world)}&iss=${encodeURIComponent('https://other1.idp.example.com')}`,
    );
    expect(decision).toMatchObject({ reason: 'login_failed', issuerName: 'main' });
    expect(browser.cookies.has(sessionCookie)).toBe(false);
  });
});

describe('a parameter that is there twice', () => {
  test.each(['code', 'iss', 'error', 'error_description', 'session_state'])(
    '%s reaches no client',
    async (name) => {
      const world = createLoginWorld();
      const browser = openBrowser();
      const callback = await beginLogin(world, browser);
      const decision = await follow(world, browser, `${callback}&${name}=1&${name}=2`);
      expect(decision).toMatchObject({ reason: 'login_failed', browser: { status: 403 } });
      expect(issuerCalls(world)).toEqual(['authorizationUrl']);
    },
  );

  test.each([
    ['neither code nor error', (callback: string) => callback.replace(/code=[^&]*&/, '')],
    ['both', (callback: string) => `${callback}&error=access_denied`],
  ])('%s reaches no client', async (_, change) => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const decision = await follow(world, browser, change(callback));
    expect(decision).toMatchObject({ reason: 'login_failed' });
    expect(issuerCalls(world)).toEqual(['authorizationUrl']);
  });
});

describe('the same callback twice (LG-02)', () => {
  test('redeems its code once, and continues with the session', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    await follow(world, browser, callback);
    const again = await follow(world, browser, callback);
    expect(again).toMatchObject({ reason: 'login_completed', browser: { location: '/' } });
    expect(issuerCalls(world)).toEqual(['authorizationUrl', 'finish']);
    expect(await world.answer(browser.request('/'))).toMatchObject({ outcome: 'allow' });
  });

  test('at the same time gives both the same session', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const request = browser.request(callback, fromIssuer);
    const [one, other] = await Promise.all([world.answer(request), world.answer(request)]);
    expect(issuerCalls(world)).toEqual(['authorizationUrl', 'finish']);
    expect(browserOf(one).cookies).toEqual(browserOf(other).cookies);
  });

  test('of a client that keeps its login cookie redeems the code once', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const request = browser.request(callback, fromIssuer);
    for (let round = 0; round < 3; round++) await world.answer(request);
    expect(issuerCalls(world).filter((name) => name === 'finish')).toHaveLength(1);
  });
});

describe('the session of a login', () => {
  test('is a new one, and the old one of another person ends at once (LG-05)', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    await signIn(world, browser);
    const before = browser.cookies.get(sessionCookie);
    world.clients[0].result = async () => tokensOf('berta');
    browser.receive(await world.answer(browser.request('/.oidc-authz/start?rd=/')));
    await follow(world, browser, callbackOf(world));
    const after = browser.cookies.get(sessionCookie);
    expect(after?.value).not.toBe(before?.value);
    expect(await world.answer(browser.request('/'))).toMatchObject({ identity: { subject: 'berta' } });
    const old = openBrowser();
    if (before !== undefined) old.cookies.set(sessionCookie, before);
    expect(await world.answer(old.request('/'))).toMatchObject({ reason: 'session_expired' });
    expect(world.events).toContainEqual(['sessionEnded', 'main', 'replaced']);
  });

  test('leaves the old one of the same person to requests on their way for a minute', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    await signIn(world, browser);
    const old = openBrowser();
    const before = browser.cookies.get(sessionCookie);
    if (before !== undefined) old.cookies.set(sessionCookie, before);
    browser.receive(await world.answer(browser.request('/.oidc-authz/start?rd=/')));
    await follow(world, browser, callbackOf(world));
    expect(await world.answer(old.request('/'))).toMatchObject({ outcome: 'allow' });
    await world.clock.advance(60_000);
    expect(await world.answer(old.request('/'))).toMatchObject({ reason: 'session_expired' });
    expect(await world.answer(browser.request('/'))).toMatchObject({ outcome: 'allow' });
  });

  test('ignores a planted session cookie', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    browser.cookies.set(sessionCookie, { value: 'planted', secure: true });
    await follow(world, browser, callback);
    expect(await world.answer(browser.request('/'))).toMatchObject({ identity: { subject: 'anna' } });
  });

  test('that is too large ends with a page that names the largest part, and no session', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    world.clients[0].result = async () => tokensOf('anna', { accessToken: 'x'.repeat(16_000) });
    const decision = await signIn(world, browser);
    expect(decision).toMatchObject({ reason: 'session_too_large', browser: { status: 403 } });
    expect(decision.detail?.().text).toContain('bytes');
    expect(browser.cookies.size).toBe(0);
    expect(world.events).toContainEqual(['sessionTooLarge', 'main', expect.any(String), expect.any(Number)]);
    expect(world.events).toContainEqual(['loginFinished', 'main', 'too_large', expect.anything()]);
  });

  test('takes the cookies of other logins with it that have the same issuer and return address', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    await beginLogin(world, browser, '/orders');
    await beginLogin(world, browser, '/other');
    const other = [...browser.cookies.keys()].at(-1) ?? '';
    await signIn(world, browser, '/orders');
    expect([...browser.cookies.keys()].toSorted()).toEqual([sessionCookie, other].toSorted());
  });

  test('ten tabs at once all end with a session', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callbacks: string[] = [];
    for (let tab = 0; tab < 10; tab++) {
      callbacks.push(await beginLogin(world, browser, `/tab${tab}`));
      await world.clock.advance(1_000);
    }
    for (const callback of callbacks.reverse()) await follow(world, browser, callback);
    expect(browser.cookies.size).toBe(1);
    expect(await world.answer(browser.request('/tab1'))).toMatchObject({ outcome: 'allow' });
  });

  test('takes the oldest of too many logins with it, and leaves ten tabs alone', async () => {
    for (const [tabs, left] of [
      [11, 10],
      [20, 10],
      [40, 19],
    ] as const) {
      const world = createLoginWorld();
      const browser = openBrowser();
      for (let tab = 0; tab < tabs; tab++)
        browser.set(browserOf(await world.answer(openBrowser().request(`/tab${tab}`))).cookies);
      await follow(world, browser, callbackOf(world));
      expect(browser.cookies.size).toBe(1 + left);
    }
  });

  test('that replaces one of another issuer ends that one', async () => {
    const world = createLoginWorld({ issuers: [{}, {}] });
    const browser = openBrowser();
    browser.receive(await world.answer(browser.request('/.oidc-authz/start?issuer=main')));
    await follow(world, browser, callbackOf(world));
    browser.receive(await world.answer(browser.request('/.oidc-authz/start?issuer=other1')));
    await follow(world, browser, callbackOf(world, 1));
    expect(world.events).toContainEqual(['sessionEnded', 'main', 'replaced']);
  });

  test('deletes the cookies that oauth2-proxy left', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    for (const name of ['_oauth2_proxy', '_oauth2_proxy_0', '_oauth2_proxy_csrf', '_oauth2_proxyx', 'app'])
      browser.cookies.set(name, { value: '1', secure: true });
    await follow(world, browser, callback);
    expect([...browser.cookies.keys()].toSorted()).toEqual([sessionCookie, '_oauth2_proxyx', 'app']);
  });
});

describe('an issuer', () => {
  test('that says no ends the login with a page', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    world.clients[0].result = async () => ({ kind: 'rejected', detail: 'invalid_grant' });
    const decision = await signIn(world, browser, '/orders');
    expect(decision).toMatchObject({ outcome: 'deny', reason: 'login_failed', browser: { status: 403 } });
    expect(pageOf(decision)).toContain('/.oidc-authz/start?issuer=main&amp;rd=%2Forders');
    expect(pageOf(decision)).toContain('decision-id');
    expect(browser.cookies.size).toBe(0);
    expect(world.events).toContainEqual([
      'loginFinished',
      'main',
      'failed',
      { seconds: expect.any(Number), detail: 'invalid_grant' },
    ]);
  });

  test('whose person cancels ends the login with a page, and never with its text (LG-11)', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const decision = await follow(
      world,
      browser,
      `${callback.replace(/code=[^&]*/, 'error=access_denied')}&error_description=%3Cscript%3Ealert(1)%3C/script%3E`,
    );
    expect(decision).toMatchObject({ reason: 'login_cancelled', browser: { status: 403 } });
    expect(pageOf(decision)).not.toMatch(/alert|<script/);
  });

  test.each(['invalid_client', 'unauthorized_client'])(
    'that rejects the client with %s is not called silent: the log and the detail say so',
    async (code) => {
      const world = createLoginWorld();
      const detail = `the token endpoint answered 401 ${code}`;
      world.clients[0].result = async () => ({ kind: 'unavailable', detail, code });
      const decision = await signIn(world, openBrowser());
      expect(decision).toMatchObject({ outcome: 'error', reason: 'login_unavailable' });
      expect(decision.detail?.()).toMatchObject({
        text: `issuer main rejects this service as a client: ${detail}`,
        failed: { option: 'issuers[0].login.clientId' },
      });
      expect(world.events).toContainEqual([
        'loginFinished',
        'main',
        'unavailable',
        { seconds: expect.any(Number), detail, isClientRejected: true },
      ]);
    },
  );

  test('that fails after the code was sent loses the login', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    world.clients[0].result = async () => ({ kind: 'unavailable', detail: 'connection reset' });
    const decision = await signIn(world, browser);
    expect(decision).toMatchObject({
      outcome: 'error',
      reason: 'login_unavailable',
      browser: { status: 403 },
    });
    expect(headerOf(decision, 'retry-after')).toBe('5');
    expect(browser.cookies.size).toBe(0);
  });

  test('that was not reached keeps the login: a reload redeems the code', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const { finish } = world.clients[0];
    world.clients[0].finish = async () => ({
      kind: 'unavailable',
      detail: 'connection refused',
      isUnsent: true,
    });
    expect(await follow(world, browser, callback)).toMatchObject({ reason: 'login_unavailable' });
    expect(browser.cookies.size).toBe(1);
    world.clients[0].finish = finish;
    expect(await follow(world, browser, callback)).toMatchObject({ reason: 'login_completed' });
  });

  test('that is rejected before anything is sent ends the login too', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    world.clients[0].result = async () => ({ kind: 'rejected', detail: 'a wrong iss', isUnsent: true });
    expect(await signIn(world, browser)).toMatchObject({ reason: 'login_failed' });
    expect(browser.cookies.size).toBe(0);
  });

  test('that does not answer ends with a page before the mesh gives up', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    const called = Promise.withResolvers<void>();
    world.clients[0].finish = () => {
      called.resolve();
      return new Promise(() => {});
    };
    const pending = follow(world, browser, callback);
    await called.promise;
    await world.clock.advance(1_500);
    expect(await pending).toMatchObject({ reason: 'login_unavailable' });
    expect(browser.cookies.size).toBe(0);
  });

  test('without an ID token ends the login', async () => {
    const world = createLoginWorld();
    world.clients[0].result = async () => tokensOf('anna', { claims: undefined });
    expect(await signIn(world, openBrowser())).toMatchObject({ reason: 'login_failed' });
  });
});

describe('a flood (LG-20)', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const mebibyte = 2 ** 20;

  test('of 10,000 bad callbacks reaches no issuer and leaves nothing behind', async () => {
    const world = createLoginWorld();
    const browser = openBrowser();
    await beginLogin(world, browser);
    const [name] = browser.cookies.keys();
    const headers = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', cookie: `${name}=a.b.c.d.e` };
    const flood = async (count: number) => {
      for (let index = 0; index < count; index++) {
        const state = String(index).padStart(43, 'A');
        await world.answer(
          requestOf({ path: `/.oidc-authz/callback?code=${index}&state=${state}`, headers }),
        );
      }
      world.events.length = 0;
    };
    await flood(1_000);
    const before = heap();
    await flood(9_000);
    expect(heap() - before).toBeLessThan(3 * mebibyte);
    expect(issuerCalls(world)).toEqual(['authorizationUrl']);
  });

  test('of pages without a session, and of callbacks that start again, leaves nothing behind', async () => {
    const world = createLoginWorld();
    const flood = async (count: number) => {
      for (let index = 0; index < count; index++) {
        await world.answer(openBrowser().request(`/page${index}`));
        const state = String(index).padStart(43, 'A');
        await world.answer(openBrowser().request(`/.oidc-authz/callback?code=${index}&state=${state}`));
      }
      expect(new Set(issuerCalls(world))).toEqual(new Set(['authorizationUrl']));
      world.events.length = 0;
      world.clients[0].calls.length = 0;
    };
    await flood(500);
    const before = heap();
    await flood(2_000);
    expect(heap() - before).toBeLessThan(3 * mebibyte);
  });
});

test('no detail and no event has a secret (LG-25)', async () => {
  const world = createLoginWorld();
  const browser = openBrowser();
  const decisions = [await world.answer(browser.request('/orders'))];
  browser.receive(decisions[0] as never);
  const callback = callbackOf(world);
  decisions.push(await follow(world, browser, `${callback}&error=x`));
  decisions.push(await follow(world, browser, callback));
  decisions.push(await follow(world, browser, callback));
  const texts = JSON.stringify([decisions.map((one) => [one.detail?.(), one]), world.events], (key, value) =>
    key === 'location' || key === 'cookies' ? undefined : value,
  );
  const { state = '', nonce = '', codeVerifier = '' } = world.clients[0].started ?? {};
  for (const secret of [state, nonce, codeVerifier, 'a-code', 'anna', '-of-anna'])
    expect(texts).not.toContain(secret);
});
