/** Maps that forget their oldest entries. */
import { expect, test } from 'vitest';
import { forgetOldest } from '../../src/runtime/forget-oldest.ts';

const entries = (...values: readonly number[]) => new Map(values.map((value, index) => [index, value]));

test('the oldest entries beyond the number are removed', () => {
  const map = entries(1, 2, 3, 4);
  forgetOldest(map, 2);
  expect([...map.values()]).toEqual([3, 4]);
  forgetOldest(map, 2);
  expect(map.size).toBe(2);
  forgetOldest(map, 0);
  expect(map.size).toBe(0);
});

test('entries that are over are removed up to the first that is not', () => {
  const map = entries(1, 2, 9, 3);
  forgetOldest(map, 10, (value) => value < 5);
  expect([...map.values()]).toEqual([9, 3]);
});

test('an entry that is not over is removed if there are too many', () => {
  const map = entries(9, 1, 9, 9);
  forgetOldest(map, 3, (value) => value < 5);
  expect([...map.values()]).toEqual([9, 9]);
});
