import { expect, test } from 'vitest';
import { createSessionLock } from '../../src/session/session-lock.ts';
import { StateError } from '../../src/state/state-store.ts';
import { createTestClock } from '../support/clock.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

function start() {
  const clock = createTestClock();
  const server = createMemoryServer(clock);
  let owners = 0;
  const client = () => {
    const state = server.connect();
    const lock = createSessionLock({ state, clock, randomText: () => `owner-${++owners}` });
    return { state, lock };
  };
  return { clock, server, client };
}

test('one process has a lock, until it releases it', async () => {
  const { client } = start();
  const [one, other] = [client(), client()];
  const held = await one.lock('lock:a', 5_000);
  expect(held).toBeDefined();
  expect(await other.lock('lock:a', 5_000)).toBeUndefined();
  expect(await one.lock('lock:a', 5_000)).toBeUndefined();
  expect(await other.lock('lock:b', 5_000)).toBeDefined();
  await held?.release();
  expect(await other.lock('lock:a', 5_000)).toBeDefined();
});

test('a lock ends after its life, and its late release leaves the lock of the next owner', async () => {
  const { client, clock } = start();
  const [one, other] = [client(), client()];
  const late = await one.lock('lock:a', 5_000);
  clock.pass(5_001);
  expect(await other.lock('lock:a', 5_000)).toBeDefined();
  await late?.release();
  expect(await one.lock('lock:a', 5_000)).toBeUndefined();
});

test('a request that got no answer and took the lock is released', async () => {
  const { client, server } = start();
  const { state } = client();
  let isLost = true;
  const lossy = {
    ...state,
    set: async (...request: Parameters<typeof state.set>) => {
      const isSet = await state.set(...request);
      if (isLost) throw new StateError('timeout', 'no answer');
      return isSet;
    },
  };
  const clock = createTestClock();
  const lock = createSessionLock({ state: lossy, clock, randomText: () => 'one' });
  await expect(lock('lock:a', 5_000)).rejects.toThrow('no answer');
  expect(server.dump()).toEqual([]);
  isLost = false;
  expect(await lock('lock:a', 5_000)).toBeDefined();
});

test('a release that fails is tried again with growing pauses, while the lock lives', async () => {
  const { client, clock, server } = start();
  const { state, lock } = client();
  const held = await lock('lock:a', 5_000);
  state.fail('away');
  await held?.release();
  await clock.advance(1_000);
  expect(server.operations.get('remove_if')).toBe(4);
  state.fail(undefined);
  await clock.advance(1_000);
  expect(server.dump()).toEqual([]);
  expect(server.operations.get('remove_if')).toBe(5);
});

test('a release is not tried after the end of the lock', async () => {
  const { client, clock, server } = start();
  const { state, lock } = client();
  const held = await lock('lock:a', 5_000);
  state.fail('away');
  await held?.release();
  await clock.advance(60_000);
  expect(server.operations.get('remove_if')).toBe(6);
});

test('a store that says no has not set the lock', async () => {
  const { client, server } = start();
  const { state, lock } = client();
  state.fail('full');
  await expect(lock('lock:a', 5_000)).rejects.toThrow(StateError);
  expect(server.operations.get('remove_if')).toBeUndefined();
});

test('a lock that is extended lives on; one that another process has taken meanwhile is not of this process', async () => {
  const { client, clock } = start();
  const [one, other] = [client(), client()];
  const held = await one.lock('lock:a', 5_000);
  for (let time = 0; time < 5; time++) {
    await clock.advance(4_000);
    expect(await held?.extend()).toBe(true);
  }
  expect(await other.lock('lock:a', 5_000)).toBeUndefined();
  await clock.advance(5_001);
  expect(await other.lock('lock:a', 5_000)).toBeDefined();
  expect(await held?.extend()).toBe(false);
  one.state.fail('away');
  expect(await held?.extend()).toBe(false);
});
