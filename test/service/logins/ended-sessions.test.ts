/** A change of the configuration forgets no sign-out, and waits for no store that is no longer there. */
import { expect, test } from 'vitest';
import { createSessionPlaces, type WithSessions } from '../../../src/service/session-places.ts';
import { createCookieNames } from '../../../src/session/cookie-names.ts';
import { createSeal } from '../../../src/session/seal-values.ts';
import type { StateStore } from '../../../src/state/state-store.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock, settled } from '../../support/clock.ts';
import { plainPlace, randomKeys, sessionAt } from '../../support/sessions.ts';
import { createMemoryServer } from '../../support/state/memory-store.ts';
import { signInto } from '../../support/stored-sessions.ts';

async function start() {
  const clock = createTestClock();
  const keys = randomKeys();
  const { sessions, ...config } = await configOf(`
issuers: [{name: main, issuer: https://issuer.example.com, audiences: [shop], login: {clientId: shop, clientAuthentication: none}}]
login: {hosts: [shop.example.com]}
sessions: {keysFile: keys}
`);
  if (sessions === undefined) throw new Error('there are no sessions');
  const places = createSessionPlaces({
    seal: createSeal(() => keys),
    clock,
    randomText: (bytes) => 'x'.repeat(bytes),
    events: { forgotten: () => {}, lost: () => {} },
  });
  const names = createCookieNames(sessions.cookie, []);
  /** The store after a reload. */
  const reload = (state: StateStore | undefined) => {
    const withState: WithSessions = { ...config, sessions };
    return places.storeFor(withState, { names, isHintOptional: () => false, state });
  };
  return { clock, places, reload, server: createMemoryServer(clock) };
}

test('a sign-out of a session in a cookie holds after a store is added, removed and added again', async () => {
  const { clock, reload, server } = await start();
  const client = server.connect();
  const [ended, other] = [
    await signInto(reload(undefined), sessionAt(clock)),
    await signInto(reload(undefined), sessionAt(clock)),
  ];
  await reload(undefined).end(ended.saved.session);
  for (const state of [undefined, client, undefined, client]) {
    const store = reload(state);
    expect(await store.find(ended.cookies(), plainPlace)).toMatchObject({ none: 'expired' });
    expect(await store.find(other.cookies(), plainPlace)).toMatchObject({ session: {} });
  }
});

test('an end that another process tells is known after the store is removed', async () => {
  const { clock, reload, server } = await start();
  const browser = await signInto(reload(server.connect()), sessionAt(clock));
  await server
    .connect()
    .feed('ended', { longestLife: 3_600_000, receive: () => {} })
    .add(
      JSON.stringify({ v: 1, c: 'elsewhere', i: browser.saved.session.id, a: [], b: [], t: 0 }),
      3_600_000,
    );
  expect(await reload(undefined).find(browser.cookies(), plainPlace)).toMatchObject({ none: 'expired' });
});

test('sessions in cookies count again after a store that never answered is removed', async () => {
  const { clock, reload, server } = await start();
  const browser = await signInto(reload(undefined), sessionAt(clock));
  const client = server.connect();
  client.fail('away');
  expect(await reload(client).find(browser.cookies(), plainPlace)).toHaveProperty('unavailable');
  const store = reload(undefined);
  expect(await store.find(browser.cookies(), plainPlace)).toMatchObject({ session: {} });
  await store.end(browser.saved.session);
  expect(await store.find(browser.cookies(), plainPlace)).toMatchObject({ none: 'expired' });
  expect(server.operations.get('feed_add')).toBeUndefined();
});

test('ends that the store does not have yet are counted', async () => {
  const { clock, places, reload, server } = await start();
  const browser = await signInto(reload(undefined), sessionAt(clock));
  expect(Number.isFinite(places.endsAge())).toBe(false);
  const client = server.connect();
  const store = reload(client);
  expect(places.waiting()).toEqual({ end: 0, removal: 0 });
  expect(places.endsAge()).toBe(0);
  client.fail('away');
  void store.end(browser.saved.session);
  await settled();
  expect(places.waiting()).toEqual({ end: 1, removal: 0 });
  client.fail(undefined);
  await clock.advance(10_000);
  expect(places.waiting()).toEqual({ end: 0, removal: 0 });
});
