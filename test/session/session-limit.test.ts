/** The limit of the sessions of a person. */
import { expect, test } from 'vitest';
import { recordNameOf } from '../../src/session/record.ts';
import { createSessionIndex } from '../../src/session/session-index.ts';
import { createSessionLimit, mostOfPerson } from '../../src/session/session-limit.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { plainPlace, sessionAt } from '../support/sessions.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';
import { createFleet, signInto } from '../support/stored-sessions.ts';

test('the oldest session of a person ends at the login that is one too many, and other people keep theirs', async () => {
  const clock = createTestClock();
  const { server, processes, start } = createFleet(clock);
  const firstAt = sessionAt(clock).startedAt - mostOfPerson;
  const of = (index: number, subject: string) =>
    sessionAt(clock, { id: `session-${subject}-${index}`, subject, startedAt: firstAt + index });
  const other = await signInto(processes[0].store, of(0, 'bob'));
  const browsers = [];
  for (let index = 0; index < mostOfPerson; index++)
    browsers.push(await signInto(processes[0].store, of(index, 'anna')));
  await settled();
  const records = () => server.dump().filter((text) => text.startsWith('session:')).length;
  expect(records()).toBe(mostOfPerson + 1);

  const newest = await signInto(processes[0].store, of(mostOfPerson, 'anna'));
  await settled();
  expect(records()).toBe(mostOfPerson + 1);
  expect(server.dump()).not.toContain(recordNameOf('session-anna-0'));
  const fresh = start().store;
  expect(await fresh.find(browsers[0]?.cookies() ?? newest.cookies(), plainPlace)).toEqual({
    none: 'expired',
  });
  for (const browser of [browsers[1], newest, other])
    expect(await fresh.find(browser?.cookies() ?? newest.cookies(), plainPlace)).toHaveProperty('session');
});

test('a session that has names of two keys counts once', async () => {
  const clock = createTestClock();
  const index = createSessionIndex(createMemoryServer(clock).connect(), {
    namesOf: (kind, ...parts) => ['a', 'b'].map((key) => [key, kind, ...parts].join(' ')),
  });
  const removed: string[] = [];
  const limit = createSessionLimit({
    index,
    records: {
      remove: async (name) => {
        removed.push(name);
        return true;
      },
    },
  });
  const sessions = Array.from({ length: mostOfPerson }, (_, number) =>
    sessionAt(clock, { id: `session-${number}`, startedAt: number }),
  );
  for (const session of sessions) await index.add(session, 60_000);
  await limit(sessions[0] ?? sessionAt(clock));
  expect(removed).toEqual([]);
  await index.add(sessionAt(clock, { id: 'one more', startedAt: mostOfPerson }), 60_000);
  await limit(sessions[0] ?? sessionAt(clock));
  expect(new Set(removed)).toEqual(new Set([recordNameOf('session-0')]));
});

test('a login while the store is away is not an error of the limit', async () => {
  const clock = createTestClock();
  const client = createMemoryServer(clock).connect();
  const index = createSessionIndex(client, { namesOf: (kind, ...parts) => [[kind, ...parts].join(' ')] });
  client.fail('away');
  const limit = createSessionLimit({ index, records: { remove: async () => true } });
  await expect(limit(sessionAt(clock))).resolves.toBeUndefined();
});
