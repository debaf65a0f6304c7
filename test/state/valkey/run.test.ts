/** One operation: its limits of time and number, and the server that is silent or names another one. */
import { describe, expect, test } from 'vitest';
import { createLink } from '../../../src/state/valkey/link.ts';
import type { Nodes, Redirect } from '../../../src/state/valkey/nodes.ts';
import { createRun } from '../../../src/state/valkey/run.ts';
import { createTestClock, settled } from '../../support/clock.ts';
import { createFakeServer, type FakeServer, replyError } from '../../support/state/fake-connections.ts';
import { failureOfCall } from '../../support/state/valkey-store.ts';

const timeout = 500;

async function start() {
  const clock = createTestClock();
  const [server, other] = [createFakeServer(), createFakeServer()];
  const common = { clock, random: () => 1, onStatus: () => {}, onAttempt: () => {} };
  const linkOf = (to: FakeServer) => createLink({ ...common, connect: to.connect });
  const [link, second] = [linkOf(server), linkOf(other)];
  for (const one of [server, other]) one.last().accept();
  await settled();
  const redirect = (error: unknown): Redirect | undefined => {
    const text = String(error);
    if (!/MOVED|ASK/.test(text)) return undefined;
    return { link: second, isOnce: text.includes('ASK') };
  };
  const nodes: Nodes = {
    ...{ linkOf: () => link, redirect, connectFor: () => server.connect },
    ...{ status: link.status, onReady: () => {}, stop: () => {} },
  };
  const results: [string, string, number][] = [];
  const run = createRun({
    nodes,
    timeout,
    clock,
    events: { operation: (operation, result, seconds) => results.push([operation, result, seconds]) },
  });
  const get = () => run('get', 'key', ['GET', 'key']);
  return { clock, server, other, link, get, results };
}

test('an answer is the result, and is counted with its time', async () => {
  const { clock, server, get, results } = await start();
  const answer = get();
  expect(server.last().waiting()).toEqual(['GET key']);
  await clock.advance(20);
  server.last().answer('value');
  expect(await answer).toBe('value');
  expect(results).toEqual([['get', 'success', 0.02]]);
});

test('without a connection an operation fails at once', async () => {
  const { server, get, link, results } = await start();
  server.last().end();
  await settled();
  expect(await failureOfCall(get)).toMatchObject({
    failure: 'away',
    message: 'store:6379: the connection was closed',
  });
  expect(results).toEqual([['get', 'away', 0]]);
  expect(link.status().state).toBe('away');
});

test('an operation without an answer ends after its time, and is not sent again', async () => {
  const { clock, server, get } = await start();
  const failed = failureOfCall(get);
  await clock.advance(timeout - 1);
  await clock.advance(1);
  expect(await failed).toMatchObject({
    failure: 'timeout',
    message: 'the store does not answer within 500 ms',
  });
  expect(server.last().waiting()).toEqual(['GET key']);
});

test('an answer that arrived while this process was paused counts', async () => {
  const { clock, server, get } = await start();
  const answer = get();
  clock.pass(10_000);
  // The next input of the event loop comes after the timers.
  const timers = clock.advance(0);
  server.last().answer('value');
  await timers;
  expect(await answer).toBe('value');
});

describe('a server that is late', () => {
  test('and silent for the same time again is left', async () => {
    const { clock, get, link } = await start();
    const failed = [failureOfCall(get), failureOfCall(get)];
    await clock.advance(timeout);
    expect(link.status().state).toBe('ready');
    await clock.advance(timeout);
    expect(link.status()).toMatchObject({ state: 'away', problem: 'store:6379: the store does not answer' });
    expect((await Promise.all(failed)).map(({ failure }) => failure)).toEqual(['timeout', 'timeout']);
  });

  test.each([
    ['with the answer', 'value'],
    ['with an error', replyError('ERR something')],
  ])('and then answers %s is kept', async (_, answer) => {
    const { clock, server, get, link } = await start();
    const failed = failureOfCall(get);
    await clock.advance(timeout + 100);
    expect(await failed).toMatchObject({ failure: 'timeout' });
    server.last().answer(answer);
    await clock.advance(10 * timeout);
    expect(link.status().state).toBe('ready');
    expect(server.connections).toHaveLength(1);
  });

  test('twice is watched twice', async () => {
    const { clock, server, get, link } = await start();
    const first = failureOfCall(get);
    await clock.advance(timeout + 1);
    server.last().answer('late');
    await clock.advance(timeout);
    const second = failureOfCall(get);
    await clock.advance(2 * timeout);
    await Promise.all([first, second]);
    expect(link.status().state).toBe('away');
  });
});

test.each([
  ['OOM command not allowed when used memory > maxmemory', 'full', 'ready'],
  ['MISCONF Redis is configured to save RDB snapshots', 'full', 'ready'],
  ['READONLY You can not write against a read only replica', 'away', 'away'],
  ['LOADING Redis is loading the dataset in memory', 'away', 'away'],
  ['NOREPLICAS Not enough good replicas to write', 'away', 'ready'],
  ['CLUSTERDOWN Hash slot not served', 'away', 'ready'],
  ['BUSY Redis is busy running a script', 'timeout', 'ready'],
  ['NOAUTH Authentication required', 'rejected', 'away'],
  ["NOPERM User secret-name has no permissions to run the 'get' command", 'rejected', 'ready'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value secret-name', 'rejected', 'ready'],
  ['something else: secret-name', 'rejected', 'ready'],
])('%s: %s', async (text, failure, state) => {
  const { server, get, link, results } = await start();
  const failed = failureOfCall(get);
  server.last().answer(replyError(text));
  const error = await failed;
  expect(error).toMatchObject({ name: 'StateError', failure });
  expect(error.message).not.toContain('secret-name');
  expect(error.message).toMatch(/^[a-z `;.]+( `state\.valkey\.passwordFile`)? \([A-Z]+\)$/);
  expect(link.status().state).toBe(state);
  expect(results.map(([, result]) => result)).toEqual([failure]);
});

describe('a server of a cluster that does not have the key', () => {
  test('names the server that has it', async () => {
    const { server, other, get } = await start();
    const answer = get();
    server.last().answer(replyError('MOVED 12539 127.0.0.1:6380'));
    await settled();
    expect(other.last().waiting()).toEqual(['GET key']);
    other.last().answer('value');
    expect(await answer).toBe('value');
  });

  test('or the server to ask once', async () => {
    const { server, other, get } = await start();
    const answer = get();
    server.last().answer(replyError('ASK 12539 127.0.0.1:6380'));
    await settled();
    expect(other.last().waiting()).toEqual(['ASKING', 'GET key']);
    other.last().answer('OK');
    other.last().answer('value');
    expect(await answer).toBe('value');
  });

  test('is not asked for a third time', async () => {
    const { server, other, get } = await start();
    const failed = failureOfCall(get);
    server.last().answer(replyError('MOVED 12539 127.0.0.1:6380'));
    await settled();
    other.last().answer(replyError('MOVED 12539 127.0.0.1:6379'));
    expect(await failed).toMatchObject({ failure: 'away' });
    expect(server.last().waiting()).toEqual([]);
  });
});

test('at most 10,000 operations wait', async () => {
  const { server, get } = await start();
  const all = Array.from({ length: 10_001 }, () => failureOfCall(get));
  expect(await all.at(-1)).toMatchObject({
    failure: 'timeout',
    message: 'too many operations wait for the store',
  });
  expect(server.last().waiting()).toHaveLength(10_000);
  server.last().answer('value');
  await settled();
  const next = failureOfCall(get);
  expect(server.last().waiting()).toHaveLength(10_000);
  server.last().end();
  expect(await next).toMatchObject({ failure: 'away' });
  await settled();
  expect(await failureOfCall(get)).toMatchObject({ failure: 'away' });
});
