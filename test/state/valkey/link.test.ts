/** One connection: its attempts, pauses, states, and the end of it. */
import { expect, test } from 'vitest';
import type { StateStatus } from '../../../src/state/state-store.ts';
import { keepAsking } from '../../../src/state/valkey/heartbeat.ts';
import { createLink } from '../../../src/state/valkey/link.ts';
import { createTestClock, settled } from '../../support/clock.ts';
import { createFakeServer, replyError } from '../../support/state/fake-connections.ts';

function start({ random = 1 }: { random?: number } = {}) {
  const clock = createTestClock();
  const server = createFakeServer();
  const statuses: StateStatus[] = [];
  const attempts: boolean[] = [];
  const link = createLink({
    connect: server.connect,
    clock,
    random: () => random,
    onStatus: (status) => statuses.push(status),
    onAttempt: (isSuccess) => attempts.push(isSuccess),
  });
  return { clock, server, statuses, attempts, link };
}

const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6379'), { code: 'ECONNREFUSED' });

test('a connection is ready when the server has answered, and knows its clock', async () => {
  const { clock, server, link, statuses, attempts } = start();
  clock.pass(250);
  expect(link.current()).toBeUndefined();
  expect(link.status()).toMatchObject({ state: 'connecting', problem: undefined });
  server.last().accept();
  await settled();
  expect(link.current()?.serverTime).toBe(1_000_500 - 250);
  expect(statuses.map(({ state }) => state)).toEqual(['ready']);
  expect(attempts).toEqual([true]);
});

test.each([
  [1, [50, 100, 200, 400, 800, 1_000, 1_000]],
  [0, [25, 50, 100, 200, 400, 500, 500]],
])('pauses grow to a limit, with jitter (%s)', async (random, pauses) => {
  const { clock, server, link } = start({ random });
  for (const [index, pause] of pauses.entries()) {
    expect(server.connections).toHaveLength(index + 1);
    server.last().refuse(refused);
    await settled();
    await clock.advance(pause - 1);
    expect(server.connections).toHaveLength(index + 1);
    await clock.advance(1);
  }
  expect(link.status()).toMatchObject({
    state: 'connecting',
    problem: 'store:6379: the connection to the store failed (ECONNREFUSED)',
  });
});

test('an attempt without an answer ends after 2 s', async () => {
  const { clock, server, link, attempts } = start();
  await clock.advance(1_999);
  expect(attempts).toEqual([]);
  await clock.advance(1);
  expect(attempts).toEqual([false]);
  expect(server.connections[0]?.isClosed()).toBe(true);
  expect(link.status().problem).toBe('store:6379: the store does not answer');
  // A late answer changes nothing.
  server.connections[0]?.accept();
  await settled();
  expect(link.current()).toBeUndefined();
});

test('a server that still loads its data is not ready', async () => {
  const { clock, server, link } = start();
  server.last().open();
  await settled();
  server.last().answer(replyError('LOADING Redis is loading the dataset in memory'));
  await settled();
  expect(link.status().problem).toBe('store:6379: the store still loads its data (LOADING)');
  expect(server.last().isClosed()).toBe(true);
  await clock.advance(50);
  expect(server.connections).toHaveLength(2);
});

test('a server that answers something else is not a store', async () => {
  const { clock, server, link } = start();
  const { connect } = server;
  const strange = createLink({
    connect,
    ...{ clock, random: () => 1, onStatus: () => {}, onAttempt: () => {} },
    prove: async () => {
      throw replyError("ERR unknown command 'EVAL', with args beginning with: 'secret'");
    },
  });
  server.last().accept();
  await settled();
  expect(strange.status().problem).toBe(
    'store:6379: the server does not know `eval`; it must be version 7 or later (ERR)',
  );
  expect(link.current()).toBeUndefined();
});

test('a lost connection is replaced; after 5 s the first pause is short again', async () => {
  const { clock, server, link, statuses } = start();
  for (let round = 0; round < 4; round++) {
    server.last().accept();
    await settled();
    server.last().end();
    await settled();
    expect(link.current()).toBeUndefined();
    await clock.advance(50 * 2 ** round - 1);
    expect(server.connections).toHaveLength(round + 1);
    await clock.advance(1);
    expect(server.connections).toHaveLength(round + 2);
  }
  server.last().accept();
  await settled();
  await clock.advance(5_000);
  server.last().end();
  await settled();
  await clock.advance(50);
  expect(server.connections).toHaveLength(6);
  expect(statuses.at(-1)).toMatchObject({ state: 'away', problem: 'store:6379: the connection was closed' });
});

test('the time of a state is when it began', async () => {
  const { clock, server, link } = start();
  server.last().accept();
  await settled();
  const ready = clock.now();
  await clock.advance(10_000);
  expect(link.status()).toEqual({ state: 'ready', since: ready, problem: undefined });
  server.last().end();
  await settled();
  const lost = clock.now();
  await clock.advance(50);
  server.last().refuse(refused);
  await settled();
  expect(link.status()).toEqual({
    state: 'away',
    since: lost,
    problem: 'store:6379: the connection to the store failed (ECONNREFUSED)',
  });
});

test('a dropped connection is closed; an older one is not dropped again', async () => {
  const { clock, server, link } = start();
  server.last().accept();
  await settled();
  const first = link.current();
  if (first === undefined) throw new Error('not connected');
  link.drop(first, 'of no use');
  expect(server.last().isClosed()).toBe(true);
  expect(link.status().problem).toBe('store:6379: of no use');
  await clock.advance(50);
  server.last().accept();
  await settled();
  link.drop(first, 'again');
  server.connections[0]?.end();
  await settled();
  expect(link.status().state).toBe('ready');
});

test('a secret that cannot be read is tried again', async () => {
  const clock = createTestClock();
  let tries = 0;
  const link = createLink({
    connect: () => {
      tries++;
      throw new Error('the file /secret cannot be read (ENOENT)');
    },
    ...{ clock, random: () => 1, onStatus: () => {}, onAttempt: () => {} },
  });
  await clock.advance(50 + 100);
  expect(tries).toBe(3);
  expect(link.status().problem).toBe('the file /secret cannot be read (ENOENT)');
});

test('a stopped link has no connection, and makes none', async () => {
  for (const isReady of [true, false]) {
    const { clock, server, link, statuses } = start();
    if (isReady) server.last().accept();
    await settled();
    link.stop();
    expect(link.current()).toBeUndefined();
    expect(server.last().isClosed()).toBe(true);
    server.last().end();
    await clock.advance(60_000);
    expect(server.connections).toHaveLength(1);
    expect(statuses).toHaveLength(isReady ? 1 : 0);
  }
});

test('an idle connection is asked; one that is silent is left', async () => {
  const { clock, server, link } = start({ random: 0.5 });
  keepAsking(link, { patience: 1_000, clock, random: () => 0.5 });
  server.last().accept();
  await settled();
  await clock.advance(5_000);
  expect(server.last().waiting()).toEqual(['PING']);
  server.last().answer('PONG');
  await settled();
  await clock.advance(5_000);
  // A user without this permission gets an answer too.
  server.last().answer(replyError('NOPERM'));
  await settled();
  await clock.advance(5_999);
  expect(link.status().state).toBe('ready');
  await clock.advance(1);
  expect(link.status()).toMatchObject({ state: 'away', problem: 'store:6379: the store does not answer' });
});
