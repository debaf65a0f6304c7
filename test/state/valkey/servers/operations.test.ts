/** The operations of the store: in a real server, and in the memory of tests, which must do the same. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../src/runtime/time/clock.ts';
import type { StateStore } from '../../../../src/state/state-store.ts';
import { findRedis } from '../../../../tools/redis.ts';
import { until } from '../../../support/app.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { startRedis } from '../../../support/redis/server.ts';
import { createMemoryServer } from '../../../support/state/memory-store.ts';
import { openValkeyStore } from '../../../support/state/valkey-store.ts';

describe('the store in memory', () =>
  operations(async () => {
    const server = createMemoryServer(systemClock);
    return [server.connect(), server.connect()];
  }));

describeWith('the store in a real server', await findRedis(), (path) => {
  operations(async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const stores = [
      openValkeyStore({ urls: [server.url] }),
      openValkeyStore({ urls: [server.url] }),
    ] as const;
    for (const { store } of stores) expect(await store.ready(5_000)).toBe(true);
    return [stores[0].store, stores[1].store];
  });

  test('keeps its keys below its prefix, and each has a life', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const { store } = openValkeyStore({ urls: [server.url], prefix: 'mine' });
    await store.ready(5_000);
    await store.set('value', 'x', 60_000);
    await store.addMember('set', 'x', 60_000);
    await store.feed('entries', { longestLife: 60_000, receive: () => {} }).add('x', 30_000);
    const keys = ((await server.command('KEYS', '*')) as readonly string[]).toSorted();
    expect(keys).toEqual(['mine:set', 'mine:value', 'mine:{feed}:entries']);
    for (const key of keys) expect(Number(await server.command('PTTL', key))).toBeGreaterThan(50_000);
  });

  test('uses the database of the URL', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const { store } = openValkeyStore({ urls: [`${server.url}/3`] });
    await store.ready(5_000);
    await store.set('value', 'x', 60_000);
    expect(await server.command('INFO', 'keyspace')).toContain('db3:keys=1');
    const refused = openValkeyStore({ urls: [`${server.url}/99`] });
    await until(() => refused.store.status().problem !== undefined);
    expect(refused.store.status().problem).toMatch(
      /: the store does not have the database of `state\.valkey\.urls` \(ERR\)$/,
    );
  });

  test('keeps the entries of a feed for the longest of the lives that processes have', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const [long, short] = [openValkeyStore({ urls: [server.url] }), openValkeyStore({ urls: [server.url] })];
    for (const { store } of [long, short]) expect(await store.ready(5_000)).toBe(true);
    const key = 'test:{feed}:entries';
    const now = Date.now();
    // The server removes whole nodes of a stream, of 100 entries each.
    for (let index = 0; index < 250; index++)
      await server.command('XADD', key, `${now - 600_000 + index}-0`, 'e', 'old', 'l', 3_600_000);
    const receive = () => {};
    await long.store.feed('entries', { longestLife: 3_600_000, receive }).add('long', 3_600_000);
    await short.store.feed('entries', { longestLife: 60_000, receive }).add('short', 60_000);
    expect(Number(await server.command('XLEN', key))).toBe(252);
    expect(Number(await server.command('PTTL', key))).toBeGreaterThan(3_000_000);
  });

  test('removes old entries of a feed, by the clock of the server', async () => {
    const server = await startRedis(path);
    onTestFinished(server.stop);
    const { store } = openValkeyStore({ urls: [server.url] });
    await store.ready(5_000);
    const key = 'test:{feed}:entries';
    // The server removes whole nodes of a stream, of 100 entries each.
    for (let index = 1; index <= 250; index++)
      await server.command('XADD', key, `${index}-0`, 'e', 'old', 'l', 60_000);
    await store.feed('entries', { longestLife: 60_000, receive: () => {} }).add('new', 30_000);
    expect(Number(await server.command('XLEN', key))).toBeLessThan(60);
  });
});

/** The tests of both. @param open opens two clients of one empty server */
function operations(open: () => Promise<readonly [StateStore, StateStore]>): void {
  test('values: absent, present, removed, and removed only if equal', async () => {
    const [one, other] = await open();
    expect(await one.get('a')).toBeUndefined();
    expect(await one.set('a', '1', 60_000, 'present')).toBe(false);
    expect(await one.set('a', '1', 60_000)).toBe(true);
    expect(await other.set('a', '2', 60_000, 'absent')).toBe(false);
    expect(await other.get('a')).toBe('1');
    expect(await other.set('a', '3', 60_000, 'present')).toBe(true);
    expect(await one.removeIf('a', '1')).toBe(false);
    expect(await one.get('a')).toBe('3');
    expect(await one.removeIf('a', '3')).toBe(true);
    expect(await one.removeIf('a', '3')).toBe(false);
    expect(await one.set('a', '4', 60_000, 'absent')).toBe(true);
    expect(await one.remove('a')).toBe(true);
    expect(await other.remove('a')).toBe(false);
  });

  test('text: empty, long, and not of ASCII', async () => {
    const [one, other] = await open();
    for (const value of ['', 'ä€😀\r\n$-1\r\n', 'x'.repeat(300_000)]) {
      await one.set('text', value, 60_000);
      expect(await other.get('text')).toBe(value);
    }
  });

  test('lives: a value ends, and can be extended', async () => {
    const [one, other] = await open();
    await one.set('short', 'x', 30);
    await one.set('long', 'x', 30);
    await one.set('read', 'x', 30);
    expect(await one.extend('long', 60_000)).toBe(true);
    expect(await one.get('read', 60_000)).toBe('x');
    await until(async () => (await other.get('short')) === undefined);
    expect(await one.get('short', 60_000)).toBeUndefined();
    expect(await one.extend('short', 60_000)).toBe(false);
    expect(await one.set('short', 'y', 60_000, 'absent')).toBe(true);
    expect(await other.get('long')).toBe('x');
    expect(await other.get('read')).toBe('x');
  });

  test('sets: members, and the longer of two lives', async () => {
    const [one, other] = await open();
    expect(await one.members('set')).toEqual([]);
    await one.addMember('set', 'a', 60_000);
    await other.addMember('set', 'b', 30);
    await other.addMember('set', 'b', 30);
    await one.addMember('short', 'a', 30);
    await until(async () => (await one.members('short')).length === 0);
    expect((await one.members('set')).toSorted()).toEqual(['a', 'b']);
    // A member whose life has ended leaves with the next one, and a shorter life does not replace a longer one.
    await other.addMember('set', 'a', 30);
    await other.addMember('set', 'd', 30);
    await until(async () => {
      await one.addMember('set', 'c', 60_000);
      return (await one.members('set')).toSorted().join() === 'a,c';
    });
    await one.removeMember('set', 'c');
    await one.addMember('set', 'b', 60_000);
    await other.removeMember('set', 'a');
    await other.removeMember('set', 'unknown');
    await other.removeMember('unknown', 'unknown');
    expect(await one.members('set')).toEqual(['b']);
  });

  test('a feed: each client receives every entry, in order, with what is left of its life', async () => {
    const [one, other] = await open();
    const received = { one: [] as string[], other: [] as string[] };
    const lives: number[] = [];
    const feed = one.feed('f', { longestLife: 60_000, receive: (entry) => received.one.push(entry) });
    await feed.add('first', 30_000);
    await feed.add('short', 90_000);
    const later = other.feed('f', {
      longestLife: 60_000,
      receive: (entry, life) => {
        received.other.push(entry);
        lives.push(life);
      },
    });
    await until(() => received.one.length === 2 && received.other.length === 2);
    await later.add('third', 30_000);
    await until(() => received.one.length === 3 && received.other.length === 3);
    expect(received).toEqual({ one: ['first', 'short', 'third'], other: ['first', 'short', 'third'] });
    expect(lives[0]).toBeGreaterThan(20_000);
    expect(lives[0]).toBeLessThanOrEqual(30_000);
    await until(() => systemClock.monotonic() - feed.completeAt() < 3_000);
  });

  test('a feed: 1,200 entries reach a client that comes later, and none that has ended', async () => {
    const [one, other] = await open();
    const feed = one.feed('f', { longestLife: 60_000, receive: () => {} });
    await feed.add('ended', 1);
    // In parts, because each operation has a time limit and the server writes to its disk.
    for (let part = 0; part < 12; part++)
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => feed.add(`entry ${100 * part + index}`, 60_000)),
      );
    await one.set('moment', 'x', 1);
    await until(async () => (await one.get('moment')) === undefined);
    const received = new Set<string>();
    const late = other.feed('f', { longestLife: 60_000, receive: (entry) => void received.add(entry) });
    expect(late.completeAt()).toBeLessThanOrEqual(systemClock.monotonic());
    await until(() => received.size === 1_200);
    expect(received.has('ended')).toBe(false);
  });
}
