/** The sessions that a process ended. */
import { expect, test } from 'vitest';
import { createEndedSessions, maxEnded } from '../../src/session/ended-sessions.ts';

test('a session has ended until it is too old', () => {
  const ended = createEndedSessions();
  ended.add('a', 100);
  expect(ended.has('a', 99)).toBe(true);
  expect(ended.has('b', 99)).toBe(false);
  expect(ended.has('a', 100)).toBe(false);
  expect(ended.size()).toBe(0);
});

test('the number is limited, and the oldest is forgotten', () => {
  const ended = createEndedSessions();
  for (let index = 0; index < maxEnded; index++) ended.add(`id-${index}`, 100);
  // A repeated end makes a session the newest.
  ended.add('id-0', 100);
  ended.add('one more', 100);
  expect(ended.size()).toBe(maxEnded);
  expect(['id-0', 'id-2', 'one more'].every((id) => ended.has(id, 1))).toBe(true);
  expect(ended.has('id-1', 1)).toBe(false);
});
