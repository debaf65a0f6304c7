/** The sessions that have ended: in one process, and in several that share a store. */
import { describe, expect, test } from 'vitest';
import type { SessionKey } from '../../src/config/session/session-keys.ts';
import { readEndedEntry } from '../../src/session/ended-entry.ts';
import { maxWaiting } from '../../src/session/ended-feed.ts';
import { type Endable, type EndedSessions, maxEnded } from '../../src/session/ended-sessions.ts';
import type { Session } from '../../src/session/session.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { createTestClock, settled, type TestClock } from '../support/clock.ts';
import { createTestEnded, randomKeys, sessionAt } from '../support/sessions.ts';
import { createMemoryServer, type MemoryClient, type MemoryServer } from '../support/state/memory-store.ts';

const hour = 3_600_000;
const issuer = 'https://issuer.example.com';
const opened = (session: Session): Endable => ({ session, endedMark: undefined });
/** The answer of the list about a session that was never looked up. */
const causeOf = (ended: EndedSessions, session: Session) => ended.causeOf(opened(session))?.cause;

interface Process {
  readonly ended: EndedSessions;
  readonly client: MemoryClient;
  readonly events: string[];
}

/** A process with its own list. */
function startProcess(clock: TestClock, server: MemoryServer, keys: readonly SessionKey[]): Process {
  const client = server.connect();
  const events: string[] = [];
  const ended = createTestEnded({
    clock,
    keys: () => keys,
    state: client,
    onEvent: (event) => void events.push(event),
  });
  return { ended, client, events };
}

function startFleet(count: number) {
  const clock = createTestClock();
  const server = createMemoryServer(clock);
  const keys = randomKeys();
  const processes = Array.from({ length: count }, () => startProcess(clock, server, keys));
  return { clock, server, keys, processes };
}

describe('in one process', () => {
  test('a session has ended until it is too old', async () => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock, life: hour });
    const [session, other] = [sessionAt(clock), sessionAt(clock)];
    await ended.end(session);
    await clock.advance(hour - 1);
    expect(causeOf(ended, session)).toBe('here');
    expect(causeOf(ended, other)).toBeUndefined();
    await clock.advance(1);
    expect(causeOf(ended, session)).toBeUndefined();
  });

  test('a cached session that has ended never comes back', async () => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock, life: hour });
    const cached = opened(sessionAt(clock));
    await ended.end(cached.session);
    const mark = ended.causeOf(cached);
    await clock.advance(2 * hour);
    await ended.end(sessionAt(clock));
    expect(mark).toMatchObject({ cause: 'here', issuer, isReported: false });
    expect(ended.causeOf(cached)).toBe(mark);
  });

  test('a cached session that is valid is found to have ended afterwards', async () => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock });
    const cached = opened(sessionAt(clock, { sid: 's' }));
    expect(ended.causeOf(cached)).toBeUndefined();
    await ended.end(sessionAt(clock));
    expect(ended.causeOf(cached)).toBeUndefined();
    await ended.endOf({ issuer, sid: 's' }, 'back_channel');
    expect(ended.causeOf(cached)).toMatchObject({ cause: 'back_channel' });
  });

  test('the names of a session are computed once for a list of names', async () => {
    const clock = createTestClock();
    let hashes = 0;
    const keys = randomKeys();
    const ended = createTestEnded({ clock, keys: () => keys, onHash: () => void hashes++ });
    const cached = opened(sessionAt(clock, { sid: 's' }));
    ended.causeOf(cached);
    await ended.end(sessionAt(clock));
    ended.causeOf(cached);
    expect(hashes).toBe(0);
    await ended.endOf({ issuer, sid: 'a' }, 'back_channel');
    hashes = 0;
    for (let index = 0; index < 100; index++) ended.causeOf(cached);
    await ended.end(sessionAt(clock));
    ended.causeOf(cached);
    expect(hashes).toBe(2);
  });

  test.each([
    ['ids', (ended: EndedSessions, session: Session) => ended.end(session), 'here'],
    [
      'names',
      (ended: EndedSessions, { sid }: Session) => ended.endOf({ issuer, sid }, 'back_channel'),
      'back_channel',
    ],
  ] as const)(
    'the number of %s is limited: the oldest is forgotten and reported',
    async (kind, end, cause) => {
      const clock = createTestClock();
      const events: string[] = [];
      const ended = createTestEnded({ clock, onEvent: (event) => void events.push(event) });
      const numbered = (index: number) => sessionAt(clock, { id: `id-${index}`, sid: `sid-${index}` });
      for (let index = 0; index < maxEnded[kind]; index++) await end(ended, numbered(index));
      expect(events).toEqual([]);
      await end(ended, numbered(-1));
      expect(ended.size()).toBe(maxEnded[kind]);
      expect(events).toEqual(['forgotten']);
      expect(causeOf(ended, numbered(0))).toBeUndefined();
      expect([-1, 1].map((index) => causeOf(ended, numbered(index)))).toEqual([cause, cause]);
    },
  );

  test('a flood of frames displaces nothing, and does not reach the store', async () => {
    const { clock, server, processes } = startFleet(1);
    const [first] = processes;
    if (first === undefined) throw new Error('a process is missing');
    const end = (index: number) => first.ended.endOf({ issuer, sid: `sid-${index}` }, 'front_channel');
    for (let index = 0; index < maxEnded.fromBrowsers; index++) expect(await end(index)).toBe(true);
    const before = server.operations.get('feed_add');
    expect(await end(-1)).toBe(false);
    expect(server.operations.get('feed_add')).toBe(before);
    expect(first.events).toEqual([]);
    expect([-1, 0].map((index) => causeOf(first.ended, sessionAt(clock, { sid: `sid-${index}` })))).toEqual([
      undefined,
      'front_channel',
    ]);
    await clock.advance(12 * hour);
    expect(await end(-1)).toBe(true);
  });

  test('browsers do not displace what an issuer ended', async () => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock });
    await ended.endOf({ issuer, sid: 's' }, 'back_channel');
    for (let index = 0; index <= maxEnded.fromBrowsers; index++)
      await ended.endOf({ issuer, sid: `sid-${index}` }, 'front_channel');
    expect(causeOf(ended, sessionAt(clock, { sid: 's' }))).toBe('back_channel');
  });
});

describe('an issuer ends', () => {
  const session = (clock: TestClock, more: Partial<Session>) => sessionAt(clock, more);

  test.each<[string, Partial<Session>, boolean]>([
    ['a session with the sid', { sid: 's' }, true],
    ['a session with the sid of another person', { sid: 's', subject: 'bob' }, true],
    ['a session with another sid', { sid: 't' }, false],
    ['a session without a sid', {}, false],
    ['a session of another issuer', { sid: 's', issuer: 'https://other.example.com' }, false],
  ])('a sid: %s', async (_, more, hasEnded) => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock });
    await ended.endOf({ issuer, sid: 's' }, 'back_channel');
    expect(causeOf(ended, session(clock, more)) !== undefined).toBe(hasEnded);
  });

  test.each<[string, Partial<Session>, boolean]>([
    ['a session of the person', {}, true],
    ['a session of the person with a sid', { sid: 's' }, true],
    ['a session of another person', { subject: 'bob' }, false],
    ['a session of another issuer', { issuer: 'https://other.example.com' }, false],
    ['another person whose sid is the sub', { subject: 'bob', sid: 'alice' }, false],
  ])('a sub: %s', async (_, more, hasEnded) => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock });
    await ended.endOf({ issuer, subject: 'alice' }, 'back_channel');
    expect(causeOf(ended, session(clock, more)) !== undefined).toBe(hasEnded);
  });

  test.each<[string, Partial<Session>, boolean]>([
    ['a session with the sid', { sid: 's' }, true],
    ['a session of the person without a sid', {}, true],
    ['a session of the person with another sid', { sid: 't' }, false],
    ['a session of another person without a sid', { subject: 'bob' }, false],
  ])('a sid and a sub: %s', async (_, more, hasEnded) => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock });
    await ended.endOf({ issuer, sid: 's', subject: 'alice' }, 'back_channel');
    expect(causeOf(ended, session(clock, more)) !== undefined).toBe(hasEnded);
  });

  test('the sessions of a person that began before, and not the next one', async () => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock });
    const first = sessionAt(clock);
    await ended.endOf({ issuer, subject: 'alice' }, 'back_channel');
    await clock.advance(1_000);
    const next = sessionAt(clock);
    expect([first, next].map((one) => causeOf(ended, one))).toEqual(['back_channel', undefined]);
    await ended.endOf({ issuer, subject: 'alice' }, 'back_channel');
    expect(causeOf(ended, next)).toBe('back_channel');
  });

  test('every session with a sid, because it never comes back', async () => {
    const clock = createTestClock();
    const ended = createTestEnded({ clock });
    await ended.endOf({ issuer, sid: 's' }, 'back_channel');
    await clock.advance(hour);
    expect(causeOf(ended, sessionAt(clock, { sid: 's' }))).toBe('back_channel');
  });
});

describe('in several processes', () => {
  test('an end reaches all of them', async () => {
    const { clock, processes } = startFleet(3);
    const [bySignOut, bySid, bySub] = [
      sessionAt(clock, { subject: 'bob' }),
      sessionAt(clock, { subject: 'carol', sid: 's' }),
      sessionAt(clock),
    ];
    const [first, second] = processes;
    await first?.ended.end(bySignOut);
    await second?.ended.endOf({ issuer, sid: 's' }, 'back_channel');
    await second?.ended.endOf({ issuer, subject: 'alice' }, 'front_channel');
    const causes = processes.map(({ ended }) => [bySignOut, bySid, bySub].map((one) => causeOf(ended, one)));
    expect(causes).toEqual([
      ['here', 'back_channel', 'front_channel'],
      ['elsewhere', 'back_channel', 'front_channel'],
      ['elsewhere', 'back_channel', 'front_channel'],
    ]);
  });

  test('a process that starts later knows it, for what is left of its life', async () => {
    const { clock, server, keys, processes } = startFleet(1);
    const session = sessionAt(clock);
    await processes[0]?.ended.end(session);
    await clock.advance(11 * hour);
    const later = startProcess(clock, server, keys);
    expect(causeOf(later.ended, session)).toBe('elsewhere');
    await clock.advance(hour);
    const last = startProcess(clock, server, keys);
    expect(causeOf(last.ended, session)).toBeUndefined();
  });

  test('processes whose files have one key in common understand each other', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const [oldKey, newKey] = randomKeys(2);
    if (oldKey === undefined || newKey === undefined) throw new Error('a key is missing');
    const [before, during, after] = [[oldKey], [newKey, oldKey], [newKey]].map((keys) =>
      startProcess(clock, server, keys),
    );
    await before?.ended.endOf({ issuer, sid: 'old' }, 'back_channel');
    await after?.ended.endOf({ issuer, sid: 'new' }, 'back_channel');
    await during?.ended.endOf({ issuer, sid: 'both' }, 'back_channel');
    const known = [before, during, after].map((process) =>
      ['old', 'both', 'new'].filter(
        (sid) => process !== undefined && causeOf(process.ended, sessionAt(clock, { sid })) !== undefined,
      ),
    );
    expect(known).toEqual([
      ['old', 'both'],
      ['old', 'both', 'new'],
      ['both', 'new'],
    ]);
  });

  test('a cached session is looked up again when the keys change', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const [oldKey, newKey] = randomKeys(2);
    if (oldKey === undefined || newKey === undefined) throw new Error('a key is missing');
    let keys = [oldKey];
    const ended = createTestEnded({ clock, keys: () => keys, state: server.connect() });
    const cached = opened(sessionAt(clock, { sid: 's' }));
    await startProcess(clock, server, [newKey]).ended.endOf({ issuer, sid: 's' }, 'back_channel');
    expect(ended.causeOf(cached)).toBeUndefined();
    keys = [newKey, oldKey];
    expect(ended.causeOf(cached)).toMatchObject({ cause: 'back_channel' });
  });

  test('the store shows neither a sid nor a sub', async () => {
    const { clock, server, processes } = startFleet(1);
    await processes[0]?.ended.endOf({ issuer, sid: 'secret-sid', subject: 'alice' }, 'back_channel');
    await processes[0]?.ended.end(sessionAt(clock, { sid: 'secret-sid' }));
    expect(server.dump().length).toBeGreaterThan(2);
    expect(server.dump().join()).not.toMatch(/secret|alice|issuer\.example/);
  });

  test('the feed keeps every entry for the longest life of a session, so that it is safe to move sessions', async () => {
    const clock = createTestClock();
    const client = createMemoryServer(clock).connect();
    const lives: number[] = [];
    const state: StateStore = {
      ...client,
      feed: (name, options) => {
        lives.push(options.longestLife);
        return client.feed(name, options);
      },
    };
    createTestEnded({ clock, state, life: 12 * hour, feedLife: hour / 12 });
    expect(lives).toEqual([12 * hour]);
  });

  test('it knows every end while the store answers', async () => {
    const { clock, processes } = startFleet(1);
    const [{ ended, client } = startProcess(clock, createMemoryServer(clock), [])] = processes;
    await clock.advance(1_000);
    expect(ended.completeAt()).toBe(1_000);
    client.fail('away');
    await clock.advance(1_000);
    expect(ended.completeAt()).toBeLessThan(2_000);
    expect(createTestEnded({ clock }).completeAt()).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    'nonsense',
    '{}',
    'null',
    '{"v":2,"c":"elsewhere","i":"a","a":[],"b":[],"t":0}',
    '{"v":1,"c":"here","i":"a","a":[],"b":[],"t":0}',
    '{"v":1,"c":"elsewhere","i":"","a":[],"b":[],"t":0}',
    '{"v":1,"c":"elsewhere","i":"a","a":"b","b":[],"t":0}',
    '{"v":1,"c":"elsewhere","i":"a","a":[],"b":[1],"t":0}',
    '{"v":1,"c":"elsewhere","i":"a","a":[],"b":[],"t":"0"}',
    `{"v":1,"c":"elsewhere","a":${JSON.stringify(Array(65).fill('x'))},"b":[],"t":0}`,
    `{"v":1,"c":"elsewhere","i":"${'x'.repeat(65)}","a":[],"b":[],"t":0}`,
  ])('the entry %s is ignored', async (entry) => {
    const { clock, server, processes } = startFleet(1);
    await server
      .connect()
      .feed('ended', { longestLife: hour, receive: () => {} })
      .add(entry, hour);
    expect(readEndedEntry(entry)).toBeUndefined();
    expect(processes[0]?.ended.size()).toBe(0);
    expect(clock.monotonic()).toBe(0);
  });
});

describe('while the store is away', () => {
  test('an end counts here at once, the caller waits 2 s, and the others get it later', async () => {
    const { clock, processes } = startFleet(2);
    const [first, second] = processes;
    if (first === undefined || second === undefined) throw new Error('a process is missing');
    first.client.fail('away');
    const session = sessionAt(clock, { sid: 's' });
    const results: boolean[] = [];
    void first.ended.endOf({ issuer, sid: 's' }, 'back_channel').then((result) => results.push(result));
    expect(causeOf(first.ended, session)).toBe('back_channel');
    await clock.advance(1_999);
    expect(results).toEqual([]);
    await clock.advance(1);
    expect(results).toEqual([false]);
    expect(first.ended.waiting()).toBe(1);
    expect(causeOf(second.ended, session)).toBeUndefined();
    first.client.fail(undefined);
    await clock.advance(1_000);
    expect(first.ended.waiting()).toBe(0);
    expect(causeOf(second.ended, session)).toBe('back_channel');
  });

  test('an end that waits for longer than its life reaches the others when the store is back', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const keys = randomKeys();
    const start = () => {
      const client = server.connect();
      const lives = { life: 12 * hour, feedLife: hour / 12 };
      return { client, ended: createTestEnded({ clock, keys: () => keys, state: client, ...lives }) };
    };
    const [one, two] = [start(), start()];
    const session = sessionAt(clock);
    one.client.fail('away');
    const ending = one.ended.end(session);
    await settled();
    await clock.advance(hour / 6);
    await ending;
    one.client.fail(undefined);
    await clock.advance(1_000);
    expect(causeOf(two.ended, session)).toBe('elsewhere');
    expect(one.ended.waiting()).toBe(0);
  });

  test('the caller has its answer as soon as the store is back', async () => {
    const { clock, processes } = startFleet(1);
    const [first] = processes;
    if (first === undefined) throw new Error('a process is missing');
    first.client.fail('timeout');
    const results: boolean[] = [];
    void first.ended.endOf({ issuer, sid: 's' }, 'back_channel').then((result) => results.push(result));
    await settled();
    await clock.advance(100);
    first.client.fail(undefined);
    await clock.advance(100);
    expect(results).toEqual([true]);
  });

  test('the number of ends that wait is limited, and the next one is reported', async () => {
    const { clock, processes } = startFleet(2);
    const [first, second] = processes;
    if (first === undefined || second === undefined) throw new Error('a process is missing');
    first.client.fail('full');
    for (let index = 0; index <= maxWaiting; index++)
      void first.ended.end(sessionAt(clock, { id: `id-${index}` }));
    await settled();
    expect(first.ended.waiting()).toBe(maxWaiting);
    expect(first.events).toEqual(['lost']);
    first.client.fail(undefined);
    await clock.advance(1_000);
    for (let turn = 0; first.ended.waiting() > 0 && turn < 1_000; turn++) await settled();
    expect(first.ended.waiting()).toBe(0);
    expect(second.ended.size()).toBe(maxWaiting);
  });

  test('an end that is too old is given up', async () => {
    const { clock, processes } = startFleet(1);
    const [first] = processes;
    if (first === undefined) throw new Error('a process is missing');
    first.client.fail('away');
    void first.ended.end(sessionAt(clock));
    await settled();
    await clock.advance(12 * hour + 1_000);
    expect(first.ended.waiting()).toBe(0);
    expect(first.events).toEqual([]);
  });
});
