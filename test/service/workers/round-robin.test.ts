/** Connections in turn, against a model: each is with one taker, waits, or was let go. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRoundRobin } from '../../../src/service/workers/round-robin.ts';

function create(maxWaiting = 5) {
  const handed: [taker: string, connection: number][] = [];
  const gone: number[] = [];
  const turns = createRoundRobin<string, number>({
    maxWaiting,
    hand: (taker, connection) => void handed.push([taker, connection]),
    close: (connection) => void gone.push(connection),
  });
  return { turns, handed, gone };
}

test('takers that are quick take turns, and one that is slow holds up one connection', () => {
  const { turns, handed, gone } = create();
  for (const taker of ['a', 'b', 'slow']) turns.isFree(taker);
  for (let connection = 0; connection < 9; connection++) {
    turns.add(connection);
    const [taker] = handed.at(-1) ?? [''];
    if (taker !== 'slow') turns.isFree(taker);
  }
  expect(handed.map(([taker]) => taker).join(' ')).toBe('a b slow a b a b a b');
  expect(gone).toEqual([0, 1, 3, 4, 5, 6, 7, 8]);
});

test('what came while nobody was there waits, within a bound', () => {
  const { turns, handed, gone } = create(3);
  for (let connection = 0; connection < 5; connection++) turns.add(connection);
  expect([handed, gone]).toEqual([[], [3, 4]]);
  turns.isFree('a');
  turns.isFree('a');
  expect(handed).toEqual([
    ['a', 0],
    ['a', 1],
  ]);
});

test('what a taker did not take when it went is handed to another, thrice at most', () => {
  const { turns, handed, gone } = create();
  turns.add(7);
  for (const taker of ['a', 'b', 'c', 'd']) {
    turns.isFree(taker);
    turns.isGone(taker);
  }
  expect(handed).toEqual([
    ['a', 7],
    ['b', 7],
    ['c', 7],
  ]);
  expect(gone).toEqual([7]);
});

test('one that was lost on the way is handed out again, unless it was taken meanwhile', () => {
  const { turns, handed } = create();
  turns.isFree('a');
  turns.add(1);
  turns.isLost('a', 1);
  expect(handed).toHaveLength(2);
  turns.isFree('a');
  turns.isLost('a', 1);
  expect(handed).toHaveLength(2);
});

test('the end waits for those that were handed out, and drops what waits', async () => {
  const { turns, gone } = create();
  turns.isFree('a');
  turns.add(1);
  turns.add(2);
  let isOver = false;
  const over = turns.allTaken().then(() => {
    isOver = true;
  });
  await Promise.resolve();
  expect(isOver).toBe(false);
  turns.isFree('a');
  turns.isFree('a');
  await over;
  turns.isGone('a');
  turns.add(3);
  turns.end();
  turns.add(4);
  expect(gone).toEqual([1, 2, 3, 4]);
});

test('whatever happens, no connection is with two, none is forgotten, and none waits beside a free taker', () => {
  const taker = fc.constantFrom('a', 'b', 'c');
  const event = fc.oneof(
    fc.record({ kind: fc.constant('arrived' as const) }),
    fc.record({ kind: fc.constantFrom('free' as const, 'lost' as const, 'gone' as const), taker }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const waiting = new Set<number>();
      const holders = new Map<string, number>();
      const alive = new Set<string>();
      const gone = new Set<number>();
      const turns = createRoundRobin<string, number>({
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
          turns.add(made++);
        } else {
          const held = holders.get(one.taker);
          if (one.kind === 'free') {
            alive.add(one.taker);
            holders.delete(one.taker);
            turns.isFree(one.taker);
            if (held !== undefined) expect(gone.has(held)).toBe(true);
          } else if (held !== undefined) {
            holders.delete(one.taker);
            waiting.add(held);
            if (one.kind === 'lost') turns.isLost(one.taker, held);
            else {
              alive.delete(one.taker);
              turns.isGone(one.taker);
            }
          } else if (one.kind === 'gone') {
            alive.delete(one.taker);
            turns.isGone(one.taker);
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
