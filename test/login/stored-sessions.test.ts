/** Logins with sessions in the store: lifetimes, the hot path, and a store that is away. */
import { describe, expect, test } from 'vitest';
import { issuerTime } from '../../src/config/login/login-time.ts';
import type { Decision } from '../../src/model/decision.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { randomKeys } from '../support/sessions.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';
import { navigation, openBrowser } from './support/browser.ts';
import { beginLogin, browserOf, callbackOf, follow, issuerCalls, pageOf, signIn } from './support/steps.ts';
import { createLoginWorld, type LoginWorld, type WorldOptions } from './support/world.ts';

const minute = 60_000;

/** Logins whose sessions are in a store, and a person who has signed in. */
async function signedIn(options: WorldOptions = {}) {
  const clock = createTestClock();
  const server = createMemoryServer(clock);
  const client = server.connect();
  const world = createLoginWorld({ clock, state: client, ...options });
  const browser = openBrowser();
  const decision = await signIn(world, browser);
  const open = async (path = '/orders'): Promise<Decision> => {
    const answer = await world.answer(browser.request(path));
    browser.receive(answer);
    await settled();
    return answer;
  };
  return { clock, server, client, world, browser, decision, open };
}

/** The last call for the address of the sign-out at the issuer. */
const endSessionUrlOf = (world: LoginWorld) =>
  world.clients[0].calls.findLast(({ name }) => name === 'endSessionUrl')?.of;

const allowed = { outcome: 'allow' };
const operations = (operations: ReadonlyMap<string, number>) =>
  [...operations].filter(([name]) => !name.startsWith('feed')).reduce((sum, [, count]) => sum + count, 0);

describe('a session in the store', () => {
  test('is found without the store, which learns about requests once a minute', async () => {
    const { clock, server, open, world } = await signedIn();
    const after = operations(server.operations);
    for (let request = 0; request < 20; request++) expect(await open()).toMatchObject(allowed);
    expect(operations(server.operations)).toBe(after);
    for (let time = 0; time < 10; time++) {
      await clock.advance(minute);
      for (let request = 0; request < 5; request++) {
        const answer = await open();
        expect(answer).toMatchObject(allowed);
        expect('cookies' in answer ? answer.cookies?.set : undefined).toEqual([]);
      }
    }
    expect(server.operations.get('extend')).toBe(10);
    expect(operations(server.operations)).toBe(after + 10);
    expect(world.events.filter(([name]) => name === 'sessionLookup').at(-1)).toEqual([
      'sessionLookup',
      'cached',
    ]);
  });

  test('lives while it is used, and until its maximum age', async () => {
    const { clock, open } = await signedIn({ sessions: { idleTimeout: '10m', maxAge: '2h' } });
    for (let time = 0; time < 12; time++) {
      expect(await open()).toMatchObject(allowed);
      await clock.advance(9 * minute + 30_000);
    }
    await clock.advance(6 * minute);
    expect(await open()).toMatchObject({ reason: 'session_expired' });
  });

  test('ends when it is idle', async () => {
    const { clock, open, browser } = await signedIn({ sessions: { idleTimeout: '10m' } });
    await clock.advance(11 * minute + 1);
    expect(await open()).toMatchObject({ reason: 'session_expired' });
    expect([...browser.cookies.keys()].filter((name) => !name.includes('login'))).toEqual([]);
  });

  test('has the hint of the sign-out however long it is, and a sign-out removes it', async () => {
    const { server, open, browser, world } = await signedIn({
      issuers: [{ signOut: { hint: 'auto' }, forward: 'accessToken' }],
    });
    expect(server.dump().some((name) => name.startsWith('session:'))).toBe(true);
    const answer = await world.answer(browser.request('/.oidc-authz/sign-out', navigation));
    expect(answer).toMatchObject({ reason: 'signed_out' });
    const call = world.clients[0].calls.find(({ name }) => name === 'endSessionUrl');
    expect(call?.of).toMatchObject({ idToken: 'id-token-of-anna' });
    expect(server.dump().filter((name) => name.startsWith('session:'))).toEqual([]);
    expect(await open()).toMatchObject({ outcome: 'deny' });
  });

  test('gets a new ticket once when the first key changes', async () => {
    const clock = createTestClock();
    const state = createMemoryServer(clock).connect();
    let [keys, next] = [randomKeys(), randomKeys()];
    const world = createLoginWorld({ clock, state, currentKeys: () => keys });
    const browser = openBrowser();
    await signIn(world, browser);
    keys = [...next, ...keys];
    const request = browser.request('/orders');
    const first = await world.answer(request);
    expect('cookies' in first ? first.cookies?.set : []).toHaveLength(1);
    const second = await world.answer(request);
    expect('cookies' in second ? second.cookies?.set : []).toEqual([]);
    browser.receive(first);
    keys = next;
    expect(await world.answer(browser.request('/orders'))).toMatchObject(allowed);
  });
});

describe('while the store is away', () => {
  test('a cached session works for the grace time, then a page asks to try again, and the cookie stays', async () => {
    const { clock, client, browser, open, world } = await signedIn();
    const before = [...browser.cookies];
    client.fail('away');
    expect(await open()).toMatchObject(allowed);
    await clock.advance(40_000);
    const answer = await open();
    expect(answer).toMatchObject({ outcome: 'error', reason: 'sessions_unavailable' });
    expect(browserOf(answer)).toMatchObject({ status: 403, cookies: [] });
    expect(pageOf(answer)).toContain('/.oidc-authz/start');
    expect([...browser.cookies]).toEqual(before);
    expect(world.events).toContainEqual(['sessionLookup', 'unavailable']);
    client.fail(undefined);
    expect(await open()).toMatchObject(allowed);
  });

  test('a login does not use its code, and a reload of the page finishes it', async () => {
    const clock = createTestClock();
    const client = createMemoryServer(clock).connect();
    const world = createLoginWorld({ clock, state: client });
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    client.fail('timeout');
    const failed = await follow(world, browser, callback);
    expect(failed).toMatchObject({ outcome: 'error', reason: 'sessions_unavailable' });
    expect(issuerCalls(world)).not.toContain('finish');
    client.fail(undefined);
    expect(await follow(world, browser, callback)).toMatchObject({ reason: 'login_completed' });
    expect(await world.answer(browser.request('/orders'))).toMatchObject(allowed);
  });

  test('a sign-out ends a cached session, and asks to try again for another one, whose cookie stays', async () => {
    const { client, browser, world } = await signedIn();
    client.fail('away');
    const signOut = browser.request('/.oidc-authz/sign-out', navigation);
    const elsewhere = createLoginWorld({ clock: world.clock, state: client });
    const failed = await elsewhere.answer(signOut);
    expect(failed).toMatchObject({ outcome: 'error', reason: 'sessions_unavailable' });
    expect(browserOf(failed)).toMatchObject({ status: 403, cookies: [] });
    expect(pageOf(failed)).toContain('href="/.oidc-authz/sign-out"');
    const ending = world.answer(signOut);
    await settled();
    await world.clock.advance(3_000);
    expect(await ending).toMatchObject({ reason: 'signed_out' });
    client.fail(undefined);
    await world.clock.advance(5_000);
    expect(await elsewhere.answer(browser.request('/orders'))).toMatchObject({ outcome: 'deny' });
  });

  test.each(['away', 'timeout', 'full', 'rejected'] as const)(
    'the answer to a sign-out comes before the mesh gives up (%s): no cookie, and the issuer ends its session too',
    async (failure) => {
      const { client, browser, world } = await signedIn();
      client.fail(failure);
      const signOut = browser.request('/.oidc-authz/sign-out', navigation);
      const ending = world.answer(signOut);
      await settled();
      expect(await world.answer(browser.request('/orders'))).toMatchObject({ reason: 'session_expired' });
      await world.clock.advance(issuerTime(world.config.limits));
      const answer = browserOf(await ending);
      expect(answer.location).toContain('https://main.idp.example.com/end-session');
      expect(answer.cookies.map((line) => line.split(';')[0])).toContain('__Host-oidc-authz=');
      expect(endSessionUrlOf(world)).toMatchObject({ idToken: 'id-token-of-anna' });
    },
  );

  test('a second click visits the issuer too, without a hint: the answer to the first may not have arrived', async () => {
    const { client, browser, world } = await signedIn();
    client.fail('away');
    const signOut = browser.request('/.oidc-authz/sign-out', navigation);
    void world.answer(signOut);
    await settled();
    const second = browserOf(await world.answer(signOut));
    expect(second.location).toContain('https://main.idp.example.com/end-session');
    expect(endSessionUrlOf(world)).toMatchObject({ idToken: undefined });
  });

  test('a sign-out does not wait for a store that does not answer, and keeps the cookie', async () => {
    const clock = createTestClock();
    const state = createMemoryServer(clock).connect();
    const { browser } = await signedIn({ clock, state });
    const silent = { ...state, get: () => new Promise<never>(() => {}) };
    const elsewhere = createLoginWorld({ clock, state: silent });
    const answer = elsewhere.answer(browser.request('/.oidc-authz/sign-out', navigation));
    await settled();
    await clock.advance(issuerTime(elsewhere.config.limits));
    expect(await answer).toMatchObject({ reason: 'sessions_unavailable', browser: { cookies: [] } });
  });

  test('a sign-out finds the newest tokens in time, or uses those that are known', async () => {
    const newest = new Promise<never>(() => {});
    const { client, browser, world, clock } = await signedIn({ newestOf: () => newest });
    client.fail('timeout');
    const ending = world.answer(browser.request('/.oidc-authz/sign-out', navigation));
    await settled();
    await clock.advance(issuerTime(world.config.limits));
    expect(await ending).toMatchObject({ reason: 'signed_out' });
    expect(await world.answer(browser.request('/orders'))).toMatchObject({ reason: 'session_expired' });
  });

  test('a sign-out of a session that cannot be read because too many are being read keeps the cookie', async () => {
    const { browser, world } = await signedIn();
    Object.assign(world.store, { find: () => ({ overloaded: true }) });
    const answer = await world.answer(browser.request('/.oidc-authz/sign-out', navigation));
    expect(answer).toMatchObject({ reason: 'sessions_unavailable', browser: { cookies: [] } });
  });

  test('a sign-out that cannot look for the session, because too many cookies wait, keeps its cookie', async () => {
    const { client, browser, world } = await signedIn();
    const elsewhere = createLoginWorld({ clock: world.clock, state: client });
    const others = Array.from({ length: 20 }, async (_, index) =>
      elsewhere.answer({
        ...browser.request('/orders'),
        header: () => [`__Host-oidc-authz=garbage${index}`],
      }),
    );
    const failed = await elsewhere.answer(browser.request('/.oidc-authz/sign-out', navigation));
    await Promise.all(others);
    expect(failed).toMatchObject({ outcome: 'error' });
    expect(browserOf(failed)).toMatchObject({ status: 403, cookies: [] });
  });

  test('a login that the store does not take after all is an error, and the next one works', async () => {
    const clock = createTestClock();
    const client = createMemoryServer(clock).connect();
    let isReady = true;
    const state = {
      ...client,
      status: () => ({ ...client.status(), ...(isReady && { state: 'ready' as const }) }),
    };
    const world = createLoginWorld({ clock, state });
    const browser = openBrowser();
    const callback = await beginLogin(world, browser);
    client.fail('full');
    const failed = await follow(world, browser, callback);
    expect(failed).toMatchObject({ outcome: 'error', reason: 'sessions_unavailable' });
    expect(browser.cookies.size).toBe(0);
    isReady = false;
    client.fail(undefined);
    expect(await signIn(world, browser)).toMatchObject({ reason: 'login_completed' });
    expect(callbackOf(world)).toContain('/.oidc-authz/callback');
  });
});
