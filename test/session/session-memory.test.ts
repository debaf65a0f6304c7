/** The memory about sessions. */
import { expect, test } from 'vitest';
import { createSessionMemory, type OpenedSession } from '../../src/session/session-memory.ts';

test('one with other limits forgets the opened sessions, and keeps the ended ones', () => {
  const limits = { maxEntries: 10, maxBytes: 100_000 };
  const first = createSessionMemory(limits);
  first.opened.put({ digest: 'a' } as OpenedSession, 1_000);
  first.ended.add('session', 2_000);
  const second = createSessionMemory({ ...limits, maxEntries: 20 }, first.ended);
  expect(first.opened.size()).toBe(1);
  expect(second.opened.size()).toBe(0);
  expect(second.ended.has('session', 1_000)).toBe(true);
});
