/** The store of used proofs: each proof is accepted once. The tests compare it with a store that removes nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReplayStore, type UsedProof } from '../../../src/check/binding/used-proofs.ts';

const start = 1_800_000_000_000;
const minute = 60_000;
const proofOf = (id: string, issuedAt = start, more: Partial<UsedProof> = {}): UsedProof => ({
  issuer: 'https://a',
  keyThumbprint: 'k',
  id,
  issuedAt,
  ...more,
});
const wide = { maxProofs: 1_000_000, maxProofsPerKey: 1_000_000, maxAge: minute };

/** Whether the time of a proof is valid: at most `maxAge` ago or 30 s ahead. */
const isOfNow = (issuedAt: number, now: number, maxAge: number) =>
  now - issuedAt <= maxAge && issuedAt - now <= 30_000;

type Step =
  | { readonly kind: 'take'; readonly proof: number }
  | { readonly kind: 'pass'; readonly by: number }
  | { readonly kind: 'reload'; readonly maxAge: number };

const second = fc.integer({ min: -90, max: 90 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('take' as const), proof: fc.nat(11) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), by: fc.integer({ min: 0, max: 90_000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        by: fc.integer({ min: -700_000, max: 700_000 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('reload' as const),
        maxAge: fc.constantFrom(1_000, 30_000, minute, 5 * minute, 10 * minute),
      }),
    },
  ),
  { minLength: 5, maxLength: 60 },
);

test('no proof is accepted twice, with any clock and any maxAge', () => {
  let [refusedAgain, outlived] = [0, 0];
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.tuple(second, fc.nat(999)), { minLength: 12, maxLength: 12 }),
      (run, times) => {
        const store = createReplayStore();
        const used = new Set<number>();
        let [now, maxAge] = [start, minute];
        for (const step of run) {
          if (step.kind === 'pass') now += step.by;
          else if (step.kind === 'reload') maxAge = step.maxAge;
          else {
            const [seconds = 0, milliseconds = 0] = times[step.proof] ?? [];
            const issuedAt = start + seconds * 1_000 + milliseconds;
            if (!isOfNow(issuedAt, now, maxAge)) continue;
            const isGood =
              store.take(proofOf(String(step.proof), issuedAt), now, { ...wide, maxAge }) === 'new';
            if (used.has(step.proof)) {
              refusedAgain++;
              if (store.size() < used.size) outlived++;
              expect(isGood).toBe(false);
            }
            if (isGood) used.add(step.proof);
          }
        }
      },
    ),
    { numRuns: 20_000 },
  );
  // The run has seen replays, also after other proofs were removed.
  expect(refusedAgain).toBeGreaterThan(1_000);
  expect(outlived).toBeGreaterThan(10);
});

test('with a steady clock, each proof is accepted the first time and removed later', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: -30_000, max: minute })), {
        minLength: 1,
        maxLength: 80,
      }),
      (run) => {
        const store = createReplayStore();
        const good: number[] = [];
        let now = start;
        for (const [index, [passes, age]] of run.entries()) {
          now += passes;
          expect(store.take(proofOf(String(index), now - age), now, wide)).toBe('new');
          good.push(now - age);
          // One second for the precision of `iat`, and one for the interval in which old proofs are removed.
          expect(store.size()).toBeLessThanOrEqual(
            good.filter((issuedAt) => now - issuedAt <= minute + 2_000).length,
          );
          expect(store.size()).toBeGreaterThanOrEqual(
            good.filter((issuedAt) => now - issuedAt <= minute).length,
          );
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

describe('a larger maxAge on a reload', () => {
  test('accepts no used proof', () => {
    const store = createReplayStore();
    expect(store.take(proofOf('a'), start, wide)).toBe('new');
    // Further proofs arrive, and the first one is removed.
    expect(store.take(proofOf('b', start + 100_000), start + 100_000, wide)).toBe('new');
    expect(store.size()).toBe(1);
    expect(store.take(proofOf('a'), start + 100_000, { ...wide, maxAge: 10 * minute })).toBe('used');
    expect(store.take(proofOf('c', start + 90_000), start + 100_000, { ...wide, maxAge: 10 * minute })).toBe(
      'new',
    );
  });

  test('accepts no used proof after the clock is set back', () => {
    const store = createReplayStore();
    expect(store.take(proofOf('a'), start, wide)).toBe('new');
    expect(store.take(proofOf('b', start + 100_000), start + 100_000, wide)).toBe('new');
    expect(store.take(proofOf('a'), start + 1_000, wide)).toBe('used');
    expect(store.take(proofOf('c', start + 1_000), start + 1_000, wide)).toBe('new');
  });

  test('leaves room for current proofs after the clock was an hour ahead', () => {
    const store = createReplayStore();
    const hour = 3_600_000;
    expect(store.take(proofOf('a'), start, wide)).toBe('new');
    expect(store.take(proofOf('b', start + hour), start + hour, wide)).toBe('new');
    expect(store.take(proofOf('a'), start + 5_000, wide)).toBe('used');
    expect(store.take(proofOf('c', start + 5_000), start + 5_000, wide)).toBe('new');
    expect(store.take(proofOf('d', start + 3 * minute), start + 3 * minute, wide)).toBe('new');
    // The proof of the hour ahead stays, and the earlier one is removed.
    expect(store.size()).toBe(2);
    expect(store.take(proofOf('b', start + hour), start + hour, wide)).toBe('used');
  });
});

describe('the space in the store', () => {
  const bounds = { maxProofs: 40, maxProofsPerKey: 4, maxAge: minute };

  test('of one key does not reduce that of others', () => {
    const store = createReplayStore();
    const take = (keyThumbprint: string, id: string, issuer = 'https://a') =>
      store.take(proofOf(`${keyThumbprint}${id}`, start, { keyThumbprint, issuer }), start, bounds);
    const flood = Array.from({ length: 2_000 }, (_, index) => take('greedy', String(index)));
    expect(flood.filter((taken) => taken === 'new')).toHaveLength(4);
    expect(flood.filter((taken) => taken === 'key')).toHaveLength(1_996);
    expect(store.size()).toBe(4);
    expect(take('greedy', '0')).toBe('used');
    expect(take('other', '0')).toBe('new');
    // A client with many keys fills only the store of its own issuer.
    const keys = Array.from({ length: 100 }, (_, index) => take(`key${index}`, 'x'));
    expect(keys.filter((taken) => taken === 'issuer')).toHaveLength(100 - 35);
    expect(store.size()).toBe(40);
    expect(take('third', '0')).toBe('issuer');
    expect(take('third', '0', 'https://b')).toBe('new');
    expect(take('greedy', '0', 'https://b')).toBe('new');
  });

  test('is free again when proofs are too old', () => {
    const store = createReplayStore();
    const take = (id: string, now: number) => store.take(proofOf(id, now), now, bounds);
    for (const id of ['a', 'b', 'c', 'd']) expect(take(id, start)).toBe('new');
    expect(take('e', start)).toBe('key');
    expect(take('e', start + minute)).toBe('key');
    expect(take('e', start + minute + 1_001)).toBe('new');
    expect(store.size()).toBe(1);
  });

  test('of a key is free again when its proofs are removed, even if other keys have proofs', () => {
    const store = createReplayStore();
    const take = (keyThumbprint: string, id: string, now: number) =>
      store.take(proofOf(`${keyThumbprint}${id}`, now, { keyThumbprint }), now, bounds);
    for (const id of ['a', 'b', 'c', 'd']) expect(take('k', id, start)).toBe('new');
    expect(take('other', 'a', start + minute)).toBe('new');
    for (const id of ['e', 'f', 'g', 'h']) expect(take('k', id, start + minute + 1_001)).toBe('new');
    expect(take('k', 'i', start + minute + 1_001)).toBe('key');
  });

  test('depends on the current limit, not on an earlier one', () => {
    const store = createReplayStore();
    for (const id of ['a', 'b', 'c']) expect(store.take(proofOf(id), start, bounds)).toBe('new');
    expect(store.take(proofOf('d'), start, { ...bounds, maxProofsPerKey: 2 })).toBe('key');
    expect(store.take(proofOf('a'), start, { ...bounds, maxProofsPerKey: 2 })).toBe('used');
    expect(store.take(proofOf('d'), start, bounds)).toBe('new');
  });
});
