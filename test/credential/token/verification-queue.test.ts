import { describe, expect, test } from 'vitest';
import { createVerificationQueue } from '../../../src/credential/token/verification-queue.ts';
import { createTestClock } from '../../support/clock.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function createQueue(maxWaiting: number, maxWait = 1_000) {
  const clock = createTestClock();
  const queue = createVerificationQueue<string>({ maxWaiting, maxWait, clock });
  const started: string[] = [];
  /** @param milliseconds the time of the verification */
  const add = (name: string, milliseconds = 0, signatures = 1) =>
    queue.add({
      since: clock.monotonic(),
      signatures,
      verify: () => {
        started.push(name);
        clock.pass(milliseconds);
        return `${name} verified`;
      },
      late: () => `${name} late`,
    });
  return { clock, queue, add, started };
}

describe('a verification', () => {
  test('starts after its caller has returned, and in order', async () => {
    const { add, started } = createQueue(10);
    const all = Promise.all([add('a'), add('b'), add('c')]);
    expect(started).toEqual([]);
    expect(await all).toEqual(['a verified', 'b verified', 'c verified']);
    expect(started).toEqual(['a', 'b', 'c']);
  });

  test('beyond the limit is rejected, and a later one is not', async () => {
    const { add } = createQueue(2);
    const [a, b, c] = [add('a'), add('b'), add('c')];
    expect(c).toBeUndefined();
    await Promise.all([a, b]);
    expect(await add('d')).toBe('d verified');
  });

  test('of a token with several keys counts once per key', async () => {
    const { add } = createQueue(8);
    const all = [add('a', 0, 4), add('b'), add('c'), add('d'), add('e')];
    expect(add('f')).toBeUndefined();
    expect(await Promise.all(all)).toHaveLength(5);
    const [one, two] = [add('g', 0, 3), add('h', 0, 4)];
    const last = add('i');
    expect(add('j')).toBeUndefined();
    expect(await Promise.all([one, two, last])).toEqual(['g verified', 'h verified', 'i verified']);
    expect(await add('k', 0, 8)).toBe('k verified');
  });

  test('of tokens with several keys leaves half of the queue to others', async () => {
    const { add } = createQueue(256);
    const forged = Array.from({ length: 300 }, () => add('forged', 0, 4)).filter((one) => one !== undefined);
    const good = Array.from({ length: 300 }, () => add('good')).filter((one) => one !== undefined);
    expect([forged.length, good.length]).toEqual([32, 128]);
    await Promise.all([...forged, ...good]);
    // Each ended wait frees its place.
    for (let round = 0; round < 3; round++) {
      const next = Array.from({ length: 33 }, () => add('next', 0, 4));
      expect(next.filter((one) => one === undefined)).toHaveLength(1);
      await Promise.all(next);
    }
  });

  test('of a token with several keys fits into the smallest queue', async () => {
    const { add } = createQueue(1);
    const expensive = add('a', 0, 4);
    expect([add('b', 0, 4), add('c')]).toEqual([undefined, undefined]);
    expect(await expensive).toBe('a verified');
    expect(await add('d', 0, 4)).toBe('d verified');
  });

  test('that has waited too long does not start', async () => {
    const { add, clock, started } = createQueue(10, 100);
    const late = add('a');
    clock.pass(101);
    expect(await late).toBe('a late');
    expect(started).toEqual([]);
  });

  test('that throws does not affect others', async () => {
    const { queue, add, clock } = createQueue(10);
    const failing = queue.add({
      since: clock.monotonic(),
      signatures: 1,
      verify: () => {
        throw new Error('broken');
      },
      late: () => 'late',
    });
    const next = add('b');
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('b verified');
  });
});

test('a turn ends after its time, and the next turn continues', async () => {
  const { add, started } = createQueue(100);
  for (let index = 0; index < 9; index++) void add(String(index), 10);
  await turn();
  expect(started).toEqual(['0', '1', '2']);
  await turn();
  expect(started).toHaveLength(6);
  await turn();
  expect(started).toHaveLength(9);
});

test('tokens that arrive slowly in a burst do not delay the first one', () => {
  const { add, clock, started } = createQueue(100);
  for (const name of ['a', 'b', 'c', 'd']) {
    void add(name);
    clock.pass(20);
  }
  expect(started).toEqual(['a', 'b']);
});

test('a verification never starts within `add`, also if others have waited long', async () => {
  const { add, clock, started } = createQueue(1);
  void add('a');
  clock.pass(100);
  const b = add('b');
  expect(started).toEqual(['a']);
  expect(await b).toBe('b verified');
});
