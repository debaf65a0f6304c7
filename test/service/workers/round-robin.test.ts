/** The distribution of connections, compared with a model: each connection has one worker, waits, or is closed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRoundRobin } from '../../../src/service/workers/round-robin.ts';

function create(maxWaiting = 5) {
  const handed: [worker: string, connection: number][] = [];
  const gone: number[] = [];
  const connections = createRoundRobin<string, number>({
    maxWaiting,
    hand: (worker, connection) => void handed.push([worker, connection]),
    close: (connection) => void gone.push(connection),
  });
  return { connections, handed, gone };
}

test('fast workers take turns, and a slow one delays one connection', () => {
  const { connections, handed, gone } = create();
  for (const worker of ['a', 'b', 'slow']) connections.workerFree(worker);
  for (let connection = 0; connection < 9; connection++) {
    connections.add(connection);
    const [worker] = handed.at(-1) ?? [''];
    if (worker !== 'slow') connections.workerFree(worker);
  }
  expect(handed.map(([worker]) => worker).join(' ')).toBe('a b slow a b a b a b');
  expect(gone).toEqual([0, 1, 3, 4, 5, 6, 7, 8]);
});

test('connections wait for the first worker, up to a limit', () => {
  const { connections, handed, gone } = create(3);
  for (let connection = 0; connection < 5; connection++) connections.add(connection);
  expect([handed, gone]).toEqual([[], [3, 4]]);
  connections.workerFree('a');
  connections.workerFree('a');
  expect(handed).toEqual([
    ['a', 0],
    ['a', 1],
  ]);
});

test('a connection of a worker that exited is handed to another, at most three times', () => {
  const { connections, handed, gone } = create();
  connections.add(7);
  for (const worker of ['a', 'b', 'c', 'd']) {
    connections.workerFree(worker);
    connections.workerExited(worker);
  }
  expect(handed).toEqual([
    ['a', 7],
    ['b', 7],
    ['c', 7],
  ]);
  expect(gone).toEqual([7]);
});

test('a lost connection is handed out again unless it was acknowledged', () => {
  const { connections, handed } = create();
  connections.workerFree('a');
  connections.add(1);
  connections.connectionLost('a', 1);
  expect(handed).toHaveLength(2);
  connections.workerFree('a');
  connections.connectionLost('a', 1);
  expect(handed).toHaveLength(2);
});

test('the end waits for handed-out connections, and drops waiting ones', async () => {
  const { connections, gone } = create();
  connections.workerFree('a');
  connections.add(1);
  connections.add(2);
  let isOver = false;
  const over = connections.allAcknowledged().then(() => {
    isOver = true;
  });
  await Promise.resolve();
  expect(isOver).toBe(false);
  connections.workerFree('a');
  connections.workerFree('a');
  await over;
  connections.workerExited('a');
  connections.add(3);
  connections.end();
  connections.add(4);
  expect(gone).toEqual([1, 2, 3, 4]);
});

test('with any events, no connection has two workers, is lost, or waits while a worker is free', () => {
  const worker = fc.constantFrom('a', 'b', 'c');
  const event = fc.oneof(
    fc.record({ kind: fc.constant('arrived' as const) }),
    fc.record({ kind: fc.constantFrom('free' as const, 'lost' as const, 'gone' as const), worker }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const waiting = new Set<number>();
      const holders = new Map<string, number>();
      const alive = new Set<string>();
      const gone = new Set<number>();
      const connections = createRoundRobin<string, number>({
        maxWaiting: 4,
        hand: (who, connection) => {
          expect(alive.has(who)).toBe(true);
          expect(holders.has(who)).toBe(false);
          expect([...holders.values()]).not.toContain(connection);
          holders.set(who, connection);
          waiting.delete(connection);
        },
        close: (connection) => {
          expect(gone.has(connection)).toBe(false);
          gone.add(connection);
          waiting.delete(connection);
        },
      });
      let made = 0;
      for (const one of events) {
        if (one.kind === 'arrived') {
          waiting.add(made);
          connections.add(made++);
        } else {
          const held = holders.get(one.worker);
          if (one.kind === 'free') {
            alive.add(one.worker);
            holders.delete(one.worker);
            connections.workerFree(one.worker);
            if (held !== undefined) expect(gone.has(held)).toBe(true);
          } else if (held !== undefined) {
            holders.delete(one.worker);
            waiting.add(held);
            if (one.kind === 'lost') connections.connectionLost(one.worker, held);
            else {
              alive.delete(one.worker);
              connections.workerExited(one.worker);
            }
          } else if (one.kind === 'gone') {
            alive.delete(one.worker);
            connections.workerExited(one.worker);
          }
        }
        const idle = [...alive].filter((who) => !holders.has(who));
        if (waiting.size > 0) expect(idle).toEqual([]);
        expect(waiting.size + holders.size + gone.size).toBe(made);
      }
    }),
    { numRuns: 500 },
  );
});
