/** The memory about sessions. */
import { expect, test } from 'vitest';
import { createSessionMemory, type OpenedSession } from '../../src/session/session-memory.ts';
import { createTestClock } from '../support/clock.ts';
import { createTestEnded, sessionAt } from '../support/sessions.ts';

test('one with other limits forgets the opened sessions, and keeps the ended ones', async () => {
  const limits = { maxEntries: 10, maxBytes: 100_000 };
  const clock = createTestClock();
  const first = createSessionMemory(limits, createTestEnded({ clock }));
  const session = sessionAt(clock);
  first.opened.put({ digest: 'a' } as OpenedSession, 1_000);
  await first.ended.end(session);
  const second = createSessionMemory({ ...limits, maxEntries: 20 }, first.ended);
  expect(first.opened.size()).toBe(1);
  expect(second.opened.size()).toBe(0);
  expect(second.ended.causeOf({ session, endedMark: undefined })).toMatchObject({ cause: 'here' });
});
