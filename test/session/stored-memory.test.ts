/** The memory of sessions in the store: its limits, and what the tickets of one session share. */
import { expect, test } from 'vitest';
import type { Session } from '../../src/session/session.ts';
import { createStoredMemory, type OpenedTicket } from '../../src/session/stored-memory.ts';
import { createStoredSession, type StoredSession } from '../../src/session/stored-session.ts';
import { createTestClock } from '../support/clock.ts';
import { sessionAt } from '../support/sessions.ts';

const limits = { maxEntries: 3, maxBytes: 10_000 };
const storedOf = (session: Session) => createStoredSession(session, 'v1', { confirmedAt: 0, seenDueAt: 0 });
const ticketOf = (stored: StoredSession, digest: string): OpenedTicket => ({
  ticket: { id: stored.session.id, key: 'k', host: 'shop.example.com', policy: '' },
  digest,
  keyId: 'abcdefgh',
  stored,
});

test('tickets of one session share it until the last of them leaves', () => {
  const memory = createStoredMemory(limits);
  const stored = storedOf(sessionAt(createTestClock()));
  const { id } = stored.session;
  memory.put(ticketOf(stored, 'a'), 100);
  memory.put(ticketOf(stored, 'b'), 100);
  expect(memory.stored(id)).toBe(stored);
  // `a` and then `b` are used least recently.
  for (const digest of ['c', 'd']) memory.put(ticketOf(storedOf(sessionAt(createTestClock())), digest), 100);
  expect([memory.peek('a'), memory.stored(id)]).toEqual([undefined, stored]);
  memory.put(ticketOf(storedOf(sessionAt(createTestClock())), 'e'), 100);
  expect([memory.peek('b'), memory.stored(id)]).toEqual([undefined, undefined]);
  expect(memory.size()).toBe(3);
});

test('the same ticket twice counts once, and another one of the same cookie replaces it', () => {
  const memory = createStoredMemory(limits);
  const stored = storedOf(sessionAt(createTestClock()));
  const opened = ticketOf(stored, 'a');
  memory.put(opened, 100);
  memory.put(opened, 100);
  memory.put(ticketOf(stored, 'a'), 100);
  expect([stored.tickets, memory.size()]).toEqual([1, 1]);
});

test('entries are limited in bytes too, and one that is larger than all is not stored', () => {
  const memory = createStoredMemory(limits);
  for (const [digest, bytes] of [
    ['a', 1_000],
    ['b', 1_000],
    ['c', 1_000],
    ['d', 10_000],
  ] as const)
    memory.put(ticketOf(storedOf(sessionAt(createTestClock())), digest), bytes);
  expect(['a', 'b', 'c', 'd'].map((digest) => memory.peek(digest) !== undefined)).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('a limit of 0 stores nothing', () => {
  for (const off of [
    { maxEntries: 0, maxBytes: 10_000 },
    { maxEntries: 3, maxBytes: 0 },
  ]) {
    const memory = createStoredMemory(off);
    const stored = storedOf(sessionAt(createTestClock()));
    memory.put(ticketOf(stored, 'a'), 100);
    expect([memory.get('a'), memory.stored(stored.session.id), memory.size()]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  }
});
