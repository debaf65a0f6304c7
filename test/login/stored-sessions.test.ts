/** Logins with sessions in the store: lifetimes, the hot path, and a store that is away. */
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/model/decision.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { randomKeys } from '../support/sessions.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';
import { navigation, openBrowser } from './support/browser.ts';
import { beginLogin, browserOf, callbackOf, follow, issuerCalls, pageOf, signIn } from './support/steps.ts';
import { createLoginWorld, type WorldOptions } from './support/world.ts';

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
    let answer: Decision | undefined;
    void world.answer(signOut).then((decision) => {
      answer = decision;
    });
    await settled();
    // Much sooner than the time that a proxy waits.
    await world.clock.advance(500);
    expect(answer).toMatchObject({ reason: 'signed_out' });
    expect(answer && browserOf(answer).cookies.length).toBeGreaterThan(0);
    client.fail(undefined);
    await world.clock.advance(5_000);
    expect(await elsewhere.answer(browser.request('/orders'))).toMatchObject({ outcome: 'deny' });
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
