/** Tickets whose session is gone: they do not ask the store again and again, and take no place of others. */
import { expect, test } from 'vitest';
import { createGoneTickets } from '../../src/session/gone-tickets.ts';
import { createTestClock } from '../support/clock.ts';
import { plainPlace, sessionAt } from '../support/sessions.ts';
import { createFleet, signInto } from '../support/stored-sessions.ts';

const minute = 60_000;
const expired = { none: 'expired' };

test('a ticket whose session is gone asks the store once a minute', async () => {
  const clock = createTestClock();
  const { server, processes } = createFleet(clock);
  const [one, two] = processes;
  const session = sessionAt(clock);
  const browser = await signInto(one.store, session);
  await one.store.end(session);
  await clock.advance(13 * 60 * minute);
  const reads = () => server.operations.get('get') ?? 0;
  const before = reads();
  // A dry run changes nothing.
  expect(await two.store.find(browser.cookies(), plainPlace, true)).toEqual(expired);
  expect(await two.store.find(browser.cookies(), plainPlace)).toEqual(expired);
  expect(reads()).toBe(before + 2);
  for (let request = 0; request < 1_000; request++)
    expect(await two.store.find(browser.cookies(), plainPlace)).toEqual(expired);
  expect(reads()).toBe(before + 2);
  await clock.advance(minute);
  expect(await two.store.find(browser.cookies(), plainPlace)).toEqual(expired);
  expect(reads()).toBe(before + 3);
});

test('such tickets take no place of another person while the store is slow', async () => {
  const clock = createTestClock();
  const { processes, start } = createFleet(clock);
  const ended = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const session = sessionAt(clock);
      const browser = await signInto(processes[0].store, session);
      await processes[0].store.end(session);
      return browser;
    }),
  );
  const other = await signInto(processes[0].store, sessionAt(clock, { subject: 'other' }));
  await clock.advance(10 * minute);
  const { store } = start({ maxOpenings: 8 });
  await Promise.all(ended.map((browser) => store.find(browser.cookies(), plainPlace)));
  const again = ended.map((browser) => store.find(browser.cookies(), plainPlace));
  expect(await store.find(other.cookies(), plainPlace)).toMatchObject({ session: {} });
  expect(await Promise.all(again)).toEqual(ended.map(() => expired));
});

test('the number of tickets is limited: the oldest is forgotten', () => {
  const tickets = createGoneTickets(createTestClock());
  for (let index = 0; index <= 10_000; index++) tickets.add(`ticket-${index}`);
  expect([tickets.has('ticket-0'), tickets.has('ticket-1'), tickets.has('ticket-10000')]).toEqual([
    false,
    true,
    true,
  ]);
});
