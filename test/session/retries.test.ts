/** Operations that are tried again: when, how often, and how many. */
import { expect, test } from 'vitest';
import { createRetries } from '../../src/session/retries.ts';
import { createTestClock } from '../support/clock.ts';

const hour = 3_600_000;

/** An operation that fails until the test lets it succeed. */
function failing() {
  const operation = {
    calls: 0,
    isGood: false,
    run: async () => {
      operation.calls++;
      if (!operation.isGood) throw new Error('away');
    },
  };
  return operation;
}

test('an operation is tried until it succeeds, with pauses that grow to 4 s', async () => {
  const clock = createTestClock();
  const retries = createRetries(clock);
  const operation = failing();
  retries.add('one', operation.run, hour);
  expect(operation.calls).toBe(0);
  await clock.advance(250);
  expect(operation.calls).toBe(1);
  await clock.advance(10_000);
  const before = operation.calls;
  await clock.advance(40_000);
  expect(operation.calls).toBe(before + 10);
  operation.isGood = true;
  await clock.advance(4_000);
  expect(retries.size()).toBe(0);
  const last = operation.calls;
  await clock.advance(hour);
  expect(operation.calls).toBe(last);
});

test('an operation is of no use after its life', async () => {
  const clock = createTestClock();
  const retries = createRetries(clock);
  const operation = failing();
  retries.add('one', operation.run, 10_000);
  await clock.advance(20_000);
  expect(retries.size()).toBe(0);
  const { calls } = operation;
  await clock.advance(60_000);
  expect(operation.calls).toBe(calls);
});

test('an operation replaces an earlier one of its name', async () => {
  const clock = createTestClock();
  const retries = createRetries(clock);
  const [first, second] = [failing(), failing()];
  retries.add('one', first.run, hour);
  retries.add('one', second.run, hour);
  expect(retries.size()).toBe(1);
  await clock.advance(1_000);
  expect([first.calls, second.calls.valueOf() > 0]).toEqual([0, true]);
});

test('while the store is away, few operations run, and then all of them', async () => {
  const clock = createTestClock();
  const retries = createRetries(clock);
  const all = Array.from({ length: 100 }, failing);
  for (const [index, one] of all.entries()) retries.add(String(index), one.run, hour);
  await clock.advance(250);
  expect(all.reduce((sum, { calls }) => sum + calls, 0)).toBe(16);
  for (const one of all) one.isGood = true;
  await clock.advance(500);
  expect(retries.size()).toBe(0);
  expect(all.every(({ calls }) => calls > 0)).toBe(true);
});

test('the oldest of too many operations is forgotten', async () => {
  const clock = createTestClock();
  const retries = createRetries(clock);
  const all = Array.from({ length: 10_050 }, failing);
  for (const [index, one] of all.entries()) retries.add(String(index), one.run, hour);
  expect(retries.size()).toBe(10_000);
  for (const one of all) one.isGood = true;
  await clock.advance(1_000);
  expect(all.filter(({ calls }) => calls === 0)).toEqual(all.slice(0, 50));
});
