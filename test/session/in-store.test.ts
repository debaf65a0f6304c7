/** Sessions in the store: what processes share, what they use without it, and what an attacker changes. */
import { describe, expect, test } from 'vitest';
import { readCookies } from '../../src/session/read-cookies.ts';
import { recordNameOf } from '../../src/session/record.ts';
import type { Session } from '../../src/session/session.ts';
import type { FoundSession } from '../../src/session/session-store.ts';
import { createTestClock, settled } from '../support/clock.ts';
import {
  createTestBrowser,
  createTestStore,
  plainPlace,
  randomKeys,
  sessionAt,
} from '../support/sessions.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';
import { createFleet, createStoredProcess, signInto } from '../support/stored-sessions.ts';

const name = '__Host-oidc-authz';
const minute = 60_000;
const hour = 60 * minute;
const expired = { none: 'expired' };
const whyOf = (found: FoundSession) => ('why' in found ? found.why().is : found);
const large = { groups: Array.from({ length: 500 }, (_, index) => `group-${index}-of-the-department`) };

describe('finds', () => {
  test('in one process what another one saved, and then without the store', async () => {
    const clock = createTestClock();
    const { server, processes } = createFleet(clock);
    const [one, two] = processes;
    const session = sessionAt(clock, {
      sid: 'sid',
      tokensEndAt: 5,
      refreshToken: 'refresh',
      accessToken: 'a.b.c',
      idToken: 'd.e.f',
    });
    const browser = await signInto(one.store, session);
    expect([...browser.kept().keys()]).toEqual([name]);
    expect(browser.line().length).toBeLessThan(400);
    const reads = () => server.operations.get('get') ?? 0;
    expect(one.store.find(browser.cookies(), plainPlace)).toMatchObject({ session, isCached: true });
    expect(reads()).toBe(0);
    const found = two.store.find(browser.cookies(), plainPlace);
    expect(found).toBeInstanceOf(Promise);
    expect(await found).toMatchObject({ session, isCached: false, isCurrentKey: true });
    for (let check = 0; check < 5; check++)
      expect(two.store.find(browser.cookies(), plainPlace)).toMatchObject({ session, isCached: true });
    expect(reads()).toBe(1);
  });

  test('a session by one operation, which tells the store about the request', async () => {
    const clock = createTestClock();
    const { server, processes, start } = createFleet(clock, { idleTimeout: 10 * minute });
    const browser = await signInto(processes[0].store, sessionAt(clock));
    // Each request comes to a process that does not know the session.
    for (let turn = 0; turn < 6; turn++) {
      await clock.advance(9 * minute);
      const before = [...server.operations].reduce((sum, [, count]) => sum + count, 0);
      const found = await start().store.find(browser.cookies(), plainPlace);
      expect(found).toMatchObject({ session: {}, isSeenDue: false });
      expect([...server.operations].reduce((sum, [, count]) => sum + count, 0)).toBe(before + 1);
    }
    // A dry run does not count.
    for (let turn = 0; turn < 2; turn++) {
      await clock.advance(9 * minute);
      const dry = await start().store.find(browser.cookies(), plainPlace, true);
      expect(dry).toMatchObject(turn === 0 ? { session: {} } : expired);
    }
  });

  test('a session of far more than three cookies, with its ID token', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock);
    const session = sessionAt(clock, {
      claims: large,
      idToken: 'i'.repeat(8_000),
      accessToken: 'a'.repeat(14_000),
    });
    const browser = await signInto(processes[0].store, session);
    expect(browser.kept().size).toBe(1);
    expect(await processes[1].store.find(browser.cookies(), plainPlace)).toMatchObject({ session });
  });

  test('a session once, even if several requests wait', async () => {
    const clock = createTestClock();
    const { server, processes, start } = createFleet(clock);
    const browser = await signInto(processes[0].store, sessionAt(clock));
    const { store } = start({ maxOpenings: 1 });
    const found = await Promise.all([1, 2, 3].map(() => store.find(browser.cookies(), plainPlace)));
    expect(new Set(found.map((one) => ('session' in one ? one.derived : undefined))).size).toBe(1);
    expect(server.operations.get('get')).toBe(1);
  });

  test('the same session at a second host, with a ticket of its own', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    const other = { ...plainPlace, policy: 'team-a', host: 'other.example.com' };
    const { shared } = two.store;
    const resumed = await shared?.resume(
      JSON.parse(JSON.stringify(one.store.shared?.referenceOf(browser.saved.session))),
    );
    expect(resumed).toMatchObject({ id: browser.saved.session.id });
    if (resumed === undefined) throw new Error('there is no session');
    const second = await signInto(two.store, resumed, createTestBrowser(), other);
    const found = await one.store.find(second.cookies(), other);
    expect(found).toMatchObject({ session: { subject: 'alice' } });
    expect(whyOf(await one.store.find(second.cookies(), { ...other, host: plainPlace.host }))).toBe(
      'of_other_host',
    );
    // A sign-out at one host ends it at both.
    await one.store.end(resumed);
    await settled();
    for (const { store } of processes) {
      expect(await store.find(second.cookies(), other)).toMatchObject(expired);
      expect(await store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
    }
  });

  test('both sessions of one browser that signs in twice, until the first is ended', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = createTestBrowser();
    const first = await signInto(one.store, sessionAt(clock), browser);
    const old = browser.line();
    await signInto(two.store, sessionAt(clock, { subject: 'bob' }), browser);
    expect(await one.store.find(readCookies([old]), plainPlace)).toMatchObject({
      session: { subject: 'alice' },
    });
    expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject({
      session: { subject: 'bob' },
    });
    await two.store.end(first.saved.session);
    await settled();
    expect(await one.store.find(readCookies([old]), plainPlace)).toMatchObject(expired);
    expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject({
      session: { subject: 'bob' },
    });
    expect(whyOf(await one.store.find(readCookies([`${old}; ${browser.line()}`]), plainPlace))).toBe('mixed');
  });
});

describe('a session ends', () => {
  test('at once in every process that has cached it', async () => {
    const clock = createTestClock();
    const { server, processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    await two.store.find(browser.cookies(), plainPlace);
    await two.store.end(browser.saved.session);
    for (const { store } of processes)
      expect(store.find(browser.cookies(), plainPlace)).not.toMatchObject({ session: {} });
    expect(server.dump().filter((text) => text.startsWith('session:'))).toEqual([]);
  });

  test('and does not come back when the processes have forgotten its end', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock, { maxAge: 6 * hour, idleTimeout: 6 * hour });
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    await two.store.find(browser.cookies(), plainPlace);
    await one.store.end(browser.saved.session);
    for (let half = 0; half < 11; half++) {
      await clock.advance(hour / 2);
      for (const { store } of processes)
        expect(await store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
    }
  });

  test('although a fail-over brings its record back', async () => {
    const clock = createTestClock();
    const { clients, processes, start } = createFleet(clock);
    const [one, two] = processes;
    const { issuer } = sessionAt(clock);
    for (const end of [
      (session: Session) => one.store.end(session),
      () => one.store.endOf({ issuer, subject: 'alice' }, 'back_channel'),
    ]) {
      const browser = await signInto(two.store, sessionAt(clock));
      const name = recordNameOf(browser.saved.session.id);
      const record = await clients[0]?.get(name);
      await end(browser.saved.session);
      await clients[0]?.set(name, record ?? '', hour);
      expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
      await clock.advance(minute);
      expect(await clients[0]?.get(name)).toBeUndefined();
      expect(await start().store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
    }
  });

  test('although its issuer ended it while the login was finished, before it was saved', async () => {
    const clock = createTestClock();
    const { server, processes, start } = createFleet(clock);
    const [one, two] = processes;
    const session = sessionAt(clock, { sid: 'sid' });
    expect(await two.store.endOf({ issuer: session.issuer, sid: 'sid' }, 'back_channel')).toBe(true);
    const browser = await signInto(one.store, session);
    await settled();
    expect(server.dump().filter((text) => text.startsWith('session:'))).toEqual([]);
    // The browser continues, until a process starts that never knew the end.
    for (let turn = 0; turn < 10; turn++) {
      expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
      await clock.advance(minute);
    }
    expect(await start().store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
  });

  test.each(['the process that received the message', 'the process of the session'] as const)(
    'although it was saved by a process that did not know its end yet: %s removes it',
    async (by) => {
      const clock = createTestClock();
      const { server, clients, processes, start } = createFleet(clock);
      const [one, two] = processes;
      const session = sessionAt(clock, { sid: 'sid' });
      const isThere = () => server.dump().some((text) => text.startsWith('session:'));
      // The entry of the feed reaches the first process late.
      clients[0]?.hold(true);
      expect(await two.store.endOf({ issuer: session.issuer, sid: 'sid' }, 'back_channel')).toBe(true);
      const browser = await signInto(one.store, session);
      expect(isThere()).toBe(true);
      clients[0]?.hold(false);
      if (by === 'the process of the session') {
        // A dry run changes nothing.
        expect(await one.store.find(browser.cookies(), plainPlace, true)).toMatchObject(expired);
        expect(isThere()).toBe(true);
        expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
        await settled();
      } else await clock.advance(minute);
      expect(isThere()).toBe(false);
      await clock.advance(6 * minute);
      expect(await start().store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
    },
  );

  test('although a fail-over brings its record back after it was removed for the last time', async () => {
    const clock = createTestClock();
    const { clients, processes, start } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(two.store, sessionAt(clock));
    const name = recordNameOf(browser.saved.session.id);
    const record = (await clients[0]?.get(name)) ?? '';
    await one.store.end(browser.saved.session);
    await clock.advance(2 * minute);
    await clients[0]?.set(name, record, hour);
    expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
    await settled();
    expect(await clients[0]?.get(name)).toBeUndefined();
    expect(await start().store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
  });

  test('although the store is away when its removal is repeated', async () => {
    const clock = createTestClock();
    const { clients, processes } = createFleet(clock);
    const [one, two] = processes;
    const { issuer } = sessionAt(clock);
    for (const end of [
      (session: Session) => one.store.end(session),
      () => one.store.endOf({ issuer, subject: 'alice' }, 'back_channel'),
    ]) {
      const browser = await signInto(two.store, sessionAt(clock));
      const name = recordNameOf(browser.saved.session.id);
      const record = (await clients[1]?.get(name)) ?? '';
      await end(browser.saved.session);
      await clock.advance(55_000);
      clients[0]?.fail('away');
      await clients[1]?.set(name, record, hour);
      await clock.advance(10_000);
      clients[0]?.fail(undefined);
      await clock.advance(5_000);
      expect(await clients[1]?.get(name)).toBeUndefined();
      expect(one.retries.size()).toBe(0);
    }
  });

  test('by a message that comes after the key was removed with which the session began', async () => {
    const clock = createTestClock();
    const [old, next] = [randomKeys(), randomKeys()];
    const { processes, start } = createFleet(clock, { keys: old });
    const session = sessionAt(clock, { sid: 'sid' });
    const browser = await signInto(processes[0].store, session);
    for (const process of processes) process.replaceKeys([...next, ...old]);
    const { store } = processes[1];
    const found = await store.find(browser.cookies(), plainPlace);
    if (!('session' in found)) throw new Error('there is no session');
    expect(found.isCurrentKey).toBe(false);
    const saved = await store.save(found.session, browser.cookies(), plainPlace);
    browser.take('cookies' in saved ? saved.cookies : []);
    for (const process of processes) process.replaceKeys(next);
    expect(await store.find(browser.cookies(), plainPlace)).toMatchObject({ session: {} });
    expect(await store.endOf({ issuer: session.issuer, sid: 'sid' }, 'back_channel')).toBe(true);
    // No process that knows the end has a request.
    expect(await start({ keys: next }).client.get(recordNameOf(session.id))).toBeUndefined();
  });

  test('by a late write of another process: it is not written again', async () => {
    const clock = createTestClock();
    const { server, processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock, { refreshToken: 'one' }));
    const session = await two.store.shared?.reread(browser.saved.session);
    if (session === undefined) throw new Error('there is no session');
    await one.store.end(session);
    expect(await two.store.shared?.rewrite({ ...session, refreshToken: 'two' })).toBe(false);
    expect(await two.store.shared?.reread(session)).toBeUndefined();
    await two.store.seen(session, 0, browser.cookies(), plainPlace);
    await two.store.save(session, browser.cookies(), plainPlace);
    await settled();
    expect(server.dump().filter((text) => text.startsWith('session:'))).toEqual([]);
  });

  test('when no process has a request for the idle time', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock, { idleTimeout: 10 * minute });
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    const request = async (at: (typeof processes)[number]) => {
      const found = await at.store.find(browser.cookies(), plainPlace);
      if ('session' in found && found.isSeenDue === true)
        await at.store.seen(found.session, 0, browser.cookies(), plainPlace);
      await settled();
      return found;
    };
    // Requests at two processes in turn keep it alive.
    for (let turn = 0; turn < 12; turn++) {
      await clock.advance(9 * minute);
      expect(await request(turn % 2 === 0 ? two : one)).toMatchObject({ session: {} });
    }
    await clock.advance(11 * minute + 1_000);
    for (const at of processes) expect(await request(at)).toEqual(expired);
  });

  test('when it is idle for less than the longest time without the store, although it is cached', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock, { idleTimeout: 2 * minute });
    const [one] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    await clock.advance(3 * minute + 1_000);
    expect(await one.store.find(browser.cookies(), plainPlace)).toEqual(expired);
  });

  test('a jump of the wall clock does not make it idle', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock, { idleTimeout: 10 * minute, maxAge: 24 * hour });
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    for (const jump of [5 * hour, -10 * hour, 30 * hour, -25 * hour]) {
      clock.jump(jump);
      for (const { store } of [one, two]) {
        const found = await store.find(browser.cookies(), plainPlace);
        expect(found).toMatchObject({ session: {} });
        if ('session' in found) await store.seen(found.session, 0, browser.cookies(), plainPlace);
      }
      await clock.advance(5 * minute);
    }
  });

  test('and in one whose message of an issuer came to another one', async () => {
    const clock = createTestClock();
    const { server, processes } = createFleet(clock);
    const [one, two] = processes;
    const { issuer } = sessionAt(clock);
    const [bySid, bySubject, other] = [
      await signInto(one.store, sessionAt(clock, { sid: 's1' })),
      await signInto(one.store, sessionAt(clock, { sid: 's2', subject: 'bob' })),
      await signInto(one.store, sessionAt(clock, { sid: 's3', subject: 'carol' })),
    ];
    for (const browser of [bySid, bySubject, other]) await two.store.find(browser.cookies(), plainPlace);
    expect(await two.store.endOf({ issuer, sid: 's1' }, 'back_channel')).toBe(true);
    expect(await two.store.endOf({ issuer, subject: 'bob' }, 'back_channel')).toBe(true);
    expect(server.dump().filter((text) => text.startsWith('session:'))).toHaveLength(1);
    for (const { store } of processes) {
      expect(await store.find(bySid.cookies(), plainPlace)).toMatchObject(expired);
      expect(await store.find(bySubject.cookies(), plainPlace)).toMatchObject(expired);
      expect(await store.find(other.cookies(), plainPlace)).toMatchObject({ session: {} });
    }
  });

  test('a person who signs in again after such a message stays signed in', async () => {
    const clock = createTestClock();
    const { clients, processes } = createFleet(clock);
    const [one, two] = processes;
    const { issuer } = sessionAt(clock);
    await signInto(one.store, sessionAt(clock));
    clients[1]?.fail('away');
    const ending = two.store.endOf({ issuer, subject: 'alice' }, 'back_channel');
    await settled();
    await clock.advance(10_000);
    expect(await ending).toBe(false);
    const again = await signInto(one.store, sessionAt(clock));
    clients[1]?.fail(undefined);
    await clock.advance(10_000);
    for (const { store } of processes)
      expect(await store.find(again.cookies(), plainPlace)).toMatchObject({ session: {} });
  });
});

test('the index of a person who signs in again and again has only the sign-ins that can still count', async () => {
  const clock = createTestClock();
  const { server, processes } = createFleet(clock, { maxAge: 2 * hour, idleTimeout: hour });
  for (let turn = 0; turn < 50; turn++) {
    await signInto(processes[0].store, sessionAt(clock));
    await clock.advance(hour / 2);
  }
  const members = server.dump().filter((text) => /^[\w-]{43} \d+$/.test(text));
  // Two sets, with the sign-ins of two hours.
  expect(members.length).toBeLessThanOrEqual(2 * 4);
});

describe('while the store is away', () => {
  test.each(['away', 'timeout', 'rejected'] as const)(
    '(%s) a cached session works for the grace time, and others are errors',
    async (failure) => {
      const clock = createTestClock();
      const { clients, processes } = createFleet(clock, { grace: 30_000 });
      const [one, two] = processes;
      const [cached, other] = [
        await signInto(one.store, sessionAt(clock)),
        await signInto(two.store, sessionAt(clock)),
      ];
      for (const client of clients) client.fail(failure);
      const find = (browser: typeof cached) => one.store.find(browser.cookies(), plainPlace);
      expect(find(cached)).toMatchObject({ isCached: true });
      expect(await find(other)).toEqual({ unavailable: expect.stringContaining(failure) });
      await clock.advance(29_000);
      expect(find(cached)).toMatchObject({ isCached: true });
      await clock.advance(5_000);
      expect(await find(cached)).toEqual({ unavailable: expect.stringContaining(failure) });
      // No cookie was touched: everything works again at once.
      for (const client of clients) client.fail(undefined);
      expect(await find(cached)).toMatchObject({ session: {} });
      expect(await find(other)).toMatchObject({ session: {} });
    },
  );

  test('a cached session that the store has not confirmed for a while is used, too', async () => {
    const clock = createTestClock();
    const { clients, processes } = createFleet(clock, { grace: 30_000 });
    const [one] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    await clock.advance(4 * minute + 10_000);
    clients[0]?.fail('away');
    expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject({ isCached: true });
    await clock.advance(34_000);
    expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject({
      unavailable: expect.any(String),
    });
  });

  test('a sign-out ends the session here at once, and everywhere when the store is back', async () => {
    const clock = createTestClock();
    const { server, clients, processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    await two.store.find(browser.cookies(), plainPlace);
    clients[0]?.fail('away');
    const ending = one.store.end(browser.saved.session);
    expect(one.store.find(browser.cookies(), plainPlace)).not.toMatchObject({ session: {} });
    await settled();
    await clock.advance(20_000);
    await ending;
    expect(two.store.find(browser.cookies(), plainPlace)).toMatchObject({ session: {} });
    clients[0]?.fail(undefined);
    await clock.advance(5_000);
    expect(server.dump().filter((text) => text.startsWith('session:'))).toEqual([]);
    expect(await two.store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
    expect(one.retries.size()).toBe(0);
  });

  test('a login is an error, and the store says so before', async () => {
    const clock = createTestClock();
    const { clients, processes } = createFleet(clock);
    const [one] = processes;
    expect(one.store.problem?.()).toBeUndefined();
    clients[0]?.fail('full');
    expect(one.store.problem?.()).toContain('full');
    await expect(one.store.save(sessionAt(clock), createTestBrowser().cookies(), plainPlace)).rejects.toThrow(
      'full',
    );
  });

  test('the store learns about a later request if it did not learn about an earlier one', async () => {
    const clock = createTestClock();
    const { clients, processes } = createFleet(clock, { idleTimeout: 2 * minute });
    const [one] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    const isDue = async () => {
      const found = await one.store.find(browser.cookies(), plainPlace);
      const is = 'session' in found && found.isSeenDue;
      if (is === true) await one.store.seen(browser.saved.session, 0, browser.cookies(), plainPlace);
      await settled();
      return is;
    };
    expect(await isDue()).toBe(false);
    await clock.advance(minute);
    clients[0]?.fail('timeout');
    expect(await isDue()).toBe(true);
    expect(await isDue()).toBe(false);
    clients[0]?.fail(undefined);
    await clock.advance(5_000);
    expect(await isDue()).toBe(true);
    await clock.advance(minute - 5_000);
    expect(await isDue()).toBe(false);
  });
});

describe('does not find', () => {
  test('a session by garbage, and never asks the store for it', async () => {
    const clock = createTestClock();
    const { server, processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    const value = browser.kept().get(name) ?? '';
    const flipped = [...value].map(
      (character, at) => value.slice(0, at) + (character === 'A' ? 'B' : 'A') + value.slice(at + 1),
    );
    for (const text of [
      '',
      'x',
      `${value}x`,
      value.slice(1),
      value.slice(0, -1),
      'x'.repeat(50_000),
      ...flipped,
    ]) {
      if (text === value) continue;
      const found = await two.store.find(readCookies([`${name}=${text}`]), plainPlace);
      expect(found).toMatchObject({ none: 'invalid' });
    }
    expect(server.operations.get('get')).toBeUndefined();
  });

  test('a session whose record was replaced by that of another session, or changed', async () => {
    const clock = createTestClock();
    const { clients, processes, start } = createFleet(clock);
    const [one] = processes;
    const [alice, mallory] = [sessionAt(clock), sessionAt(clock, { subject: 'mallory' })];
    const browser = await signInto(one.store, alice);
    await signInto(one.store, mallory);
    const [client] = clients;
    const records = await Promise.all([alice, mallory].map(({ id }) => client?.get(recordNameOf(id))));
    const [own = '', other = ''] = records;
    const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const changed = [
      other,
      '',
      'x',
      own.slice(0, -1),
      `${own}.x`,
      `${own.slice(0, 120)}${own[120] === 'A' ? 'B' : 'A'}${own.slice(121)}`,
      own.replace(/^[^.]+/, header({ alg: 'dir', enc: 'A256GCM' })),
      own.replace(/^[^.]+/, header({ alg: 'dir', enc: 'A256GCM', typ: 'oidc-authz-record', zip: 'DEF' })),
      'x'.repeat(1_000_000),
    ];
    for (const record of changed) {
      await client?.set(recordNameOf(alice.id), record, hour);
      expect(whyOf(await start().store.find(browser.cookies(), plainPlace))).toBe('record_unreadable');
    }
    await client?.set(recordNameOf(alice.id), own, hour);
    expect(await start().store.find(browser.cookies(), plainPlace)).toMatchObject({ session: alice });
  });

  test('a session of another policy or host, cached or not', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    const value = browser.kept().get(name);
    for (const { store } of [one, two, two]) {
      const renamed = readCookies([`${name}-team-a=${value}`]);
      expect(whyOf(await store.find(renamed, { ...plainPlace, policy: 'team-a' }))).toBe('of_other_policy');
      const other = { ...plainPlace, host: 'other.example.com' };
      expect(whyOf(await store.find(browser.cookies(), other))).toBe('of_other_host');
    }
  });

  test('a ticket of one host under the name of the cookie that hosts share, and the other way', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const { processes, start } = createFleet(clock, { keys });
    const shared = start({ domain: 'example.com' });
    const [own] = processes;
    const other = { ...plainPlace, host: 'other.example.com' };
    const [mine, ours] = [
      await signInto(own.store, sessionAt(clock)),
      await signInto(shared.store, sessionAt(clock)),
    ];
    const shortName = '__Secure-oidc-authz';
    expect([...ours.kept().keys()]).toEqual([shortName]);
    expect(ours.saved.cookies[0]).toContain('; Domain=example.com;');
    for (const place of [plainPlace, other])
      expect(await start({ domain: 'example.com' }).store.find(ours.cookies(), place)).toMatchObject({
        session: {},
      });
    const renamed = (from: string, value: string | undefined) => readCookies([`${from}=${value}`]);
    const asShared = renamed(shortName, mine.kept().get(name));
    expect(whyOf(await shared.store.find(asShared, plainPlace))).toBe('of_other_host');
    const asOwn = renamed(name, ours.kept().get(shortName));
    expect(whyOf(await own.store.find(asOwn, plainPlace))).toBe('of_other_host');
  });

  test('a session whose key was removed, and tells the operator the key', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const { processes } = createFleet(clock, { keys });
    const [one] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    one.replaceKeys(randomKeys());
    const found = await one.store.find(browser.cookies(), plainPlace);
    expect('why' in found ? found.why() : found).toEqual({ is: 'of_other_key', keyId: keys[0]?.id });
  });

  test('more sessions than may be opened at the same time', async () => {
    const clock = createTestClock();
    const { processes, start } = createFleet(clock);
    const browsers = await Promise.all([1, 2].map(() => signInto(processes[0].store, sessionAt(clock))));
    const { store } = start({ maxOpenings: 1 });
    const found = browsers.map((browser) => store.find(browser.cookies(), plainPlace));
    expect(found[1]).toEqual({ overloaded: true });
    expect(await found[0]).toMatchObject({ session: {} });
  });
});

describe('a change of the place of sessions', () => {
  test('makes cookies of the other kind invalid, and deletes all their parts', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const cookies = createTestStore({ clock, keys });
    const { store } = createFleet(clock, { keys }).processes[0];
    for (const claims of [{}, { groups: large.groups.slice(0, 200) }]) {
      const browser = createTestBrowser();
      const saved = await cookies.store.save(sessionAt(clock, { claims }), browser.cookies(), plainPlace);
      browser.take('cookies' in saved ? saved.cookies : []);
      expect(browser.kept().size).toBe('groups' in claims ? 3 : 1);
      expect(whyOf(await store.find(browser.cookies(), plainPlace))).toBe('of_other_place');
      browser.take(store.clear(browser.cookies(), plainPlace));
      expect(browser.kept().size).toBe(0);
    }
  });

  test('works in the other direction', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const browser = await signInto(createFleet(clock, { keys }).processes[0].store, sessionAt(clock));
    const { store } = createTestStore({ clock, keys });
    expect(whyOf(await store.find(browser.cookies(), plainPlace))).toBe('of_other_place');
    browser.take(store.clear(browser.cookies(), plainPlace));
    expect(browser.kept().size).toBe(0);
  });

  test('deletes the parts that are left over at the next login', async () => {
    const clock = createTestClock();
    const keys = randomKeys();
    const browser = createTestBrowser();
    const cookies = createTestStore({ clock, keys });
    const groups = large.groups.slice(0, 200);
    const saved = await cookies.store.save(
      sessionAt(clock, { claims: { groups } }),
      browser.cookies(),
      plainPlace,
    );
    browser.take('cookies' in saved ? saved.cookies : []);
    await signInto(createFleet(clock, { keys }).processes[0].store, sessionAt(clock), browser);
    expect([...browser.kept().keys()]).toEqual([name]);
  });
});

describe('keys', () => {
  test('a new first key seals the next ticket, and does not touch the record', async () => {
    const clock = createTestClock();
    const [old, next] = [randomKeys(), randomKeys()];
    const { server, processes } = createFleet(clock, { keys: old });
    const [one] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    one.replaceKeys([...next, ...old]);
    const found = one.store.find(browser.cookies(), plainPlace);
    expect(found).toMatchObject({ isCurrentKey: false });
    const writes = server.operations.get('set');
    if (found instanceof Promise || !('session' in found)) throw new Error('not cached');
    await signInto(one.store, found.session, browser);
    expect(server.operations.get('set')).toBe(writes);
    one.replaceKeys(next);
    expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject({
      session: {},
      isCurrentKey: true,
    });
  });

  test('an issuer can end a session after the first key changed, in a process that has both', async () => {
    const clock = createTestClock();
    const [old, next] = [randomKeys(), randomKeys()];
    const { processes } = createFleet(clock, { keys: old });
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock, { sid: 's1' }));
    for (const { replaceKeys } of processes) replaceKeys([...next, ...old]);
    await two.store.endOf({ issuer: sessionAt(clock).issuer, sid: 's1' }, 'back_channel');
    expect(await one.store.find(browser.cookies(), plainPlace)).toMatchObject(expired);
  });
});

describe('a session that is too large', () => {
  test('names its largest part, and is not in the store', async () => {
    const clock = createTestClock();
    const { server, processes } = createFleet(clock);
    const session = sessionAt(clock, { accessToken: 'a'.repeat(60_000) });
    expect(await processes[0].store.save(session, createTestBrowser().cookies(), plainPlace)).toEqual({
      tooLarge: 'the access token',
      bytes: 60_000,
    });
    expect(server.dump()).toEqual(['ended']);
  });
});

describe('the content of a session that is renewed', () => {
  test('is what every request of this process finds next, and another process after it reads again', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock);
    const [one, two] = processes;
    const browser = await signInto(one.store, sessionAt(clock, { refreshToken: 'one' }));
    await two.store.find(browser.cookies(), plainPlace);
    const renewed = { ...browser.saved.session, refreshToken: 'two' };
    expect(await one.store.shared?.rewrite(renewed)).toBe(true);
    expect(one.store.find(browser.cookies(), plainPlace)).toMatchObject({
      session: { refreshToken: 'two' },
      isCached: true,
    });
    expect(two.store.find(browser.cookies(), plainPlace)).toMatchObject({ session: { refreshToken: 'one' } });
    expect(await two.store.shared?.reread(browser.saved.session)).toMatchObject({ refreshToken: 'two' });
    expect(two.store.find(browser.cookies(), plainPlace)).toMatchObject({ session: { refreshToken: 'two' } });
  });

  test('is not replaced by an answer of the store that is older', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const client = server.connect();
    let held: Promise<void> | undefined;
    const get: typeof client.get = async (of) => {
      const value = await client.get(of);
      await held;
      return value;
    };
    const keys = randomKeys();
    const { store } = createStoredProcess({ clock, state: { ...client, get }, keys });
    const browser = await signInto(store, sessionAt(clock, { refreshToken: 'one' }));
    clock.pass(5 * minute);
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    const late = store.find(browser.cookies(), plainPlace);
    clock.pass(100);
    await store.shared?.rewrite({ ...browser.saved.session, refreshToken: 'two' });
    resolve();
    expect(await late).toMatchObject({ session: { refreshToken: 'two' } });
    expect(store.find(browser.cookies(), plainPlace)).toMatchObject({ session: { refreshToken: 'two' } });
  });

  test('makes the login compute its facts again', async () => {
    const clock = createTestClock();
    const [one] = createFleet(clock).processes;
    const browser = await signInto(one.store, sessionAt(clock));
    const facts = () => {
      const found = one.store.find(browser.cookies(), plainPlace);
      if (found instanceof Promise || !('session' in found)) throw new Error('not cached');
      return found.derived;
    };
    facts().owner = facts;
    expect(facts().owner).toBe(facts);
    await one.store.shared?.rewrite({ ...browser.saved.session, claims: {} });
    expect(facts().owner).toBeUndefined();
  });

  test('keeps what the login computed if the record has not changed', async () => {
    const clock = createTestClock();
    const { processes } = createFleet(clock);
    const [one] = processes;
    const browser = await signInto(one.store, sessionAt(clock));
    const derivedOf = (found: FoundSession) => ('session' in found ? found.derived : undefined);
    const first = derivedOf(await one.store.find(browser.cookies(), plainPlace));
    await clock.advance(5 * minute);
    const later = one.store.find(browser.cookies(), plainPlace);
    expect(later).toBeInstanceOf(Promise);
    expect(derivedOf(await later)).toBe(first);
    expect(first).toBeDefined();
  });
});

test('a dry run stores nothing', async () => {
  const clock = createTestClock();
  const { processes } = createFleet(clock);
  const [one, two] = processes;
  const browser = await signInto(one.store, sessionAt(clock));
  expect(await two.store.find(browser.cookies(), plainPlace, true)).toMatchObject({ session: {} });
  expect(two.memory.size()).toBe(0);
});

test('sessions that leave the memory are read again', async () => {
  const clock = createTestClock();
  const { processes, start } = createFleet(clock);
  const browsers = await Promise.all([1, 2, 3].map(() => signInto(processes[0].store, sessionAt(clock))));
  const small = start({ maxEntries: 2 });
  for (const browser of browsers) await small.store.find(browser.cookies(), plainPlace);
  expect(small.memory.size()).toBe(2);
  expect(small.store.find(browsers[0]?.cookies() ?? readCookies([]), plainPlace)).toBeInstanceOf(Promise);
  const off = start({ maxEntries: 0 });
  for (const _ of [1, 2])
    expect(await off.store.find(browsers[0]?.cookies() ?? readCookies([]), plainPlace)).toMatchObject({
      session: {},
    });
  expect(off.memory.size()).toBe(0);
});
