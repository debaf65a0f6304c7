/** Repeats a report while a problem continues. */
import { expect, test } from 'vitest';
import { createReminder } from '../../../src/runtime/time/reminder.ts';
import { createTestClock } from '../../support/clock.ts';

const minutes = 60_000;

test('calls every 5 minutes from each start, until it is stopped', async () => {
  const clock = createTestClock();
  const begin = clock.now();
  const times: number[] = [];
  const reminder = createReminder(clock, () => void times.push((clock.now() - begin) / minutes));
  await clock.advance(60 * minutes);
  expect(times).toEqual([]);
  reminder.start();
  await clock.advance(4 * minutes);
  reminder.start();
  await clock.advance(11 * minutes);
  expect(times).toEqual([69, 74]);
  reminder.stop();
  await clock.advance(60 * minutes);
  expect(times).toEqual([69, 74]);
});

test('can be stopped by its own call', async () => {
  const clock = createTestClock();
  let count = 0;
  const reminder = createReminder(clock, () => {
    count++;
    reminder.stop();
  });
  reminder.start();
  await clock.advance(60 * minutes);
  expect(count).toBe(1);
});
