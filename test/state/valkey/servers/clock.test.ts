/** The clock of a real server that an administrator or NTP moves: entries of feeds still arrive, in every process. */
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../../../tools/redis.ts';
import { createShiftedClock, findShiftedClock } from '../../../../tools/shifted-clock.ts';
import { describeWithAll } from '../../../support/real-servers.ts';
import { startRedis } from '../../../support/redis/server.ts';
import { openValkeyStore } from '../../../support/state/valkey-store.ts';

const key = 'test:{feed}:f';
/** A life of entries, in milliseconds. The jumps are longer. */
const longestLife = 60_000;
const jump = 900;

const programs = { redis: await findRedis(), library: await findShiftedClock() };

describeWithAll('feeds of a server whose clock moves', programs, (paths) => {
  const start = async () => {
    const clock = createShiftedClock(paths.library);
    const server = await startRedis(paths.redis, { environment: clock.environment });
    onTestFinished(server.stop);
    const open = async () => {
      const { store } = openValkeyStore({ urls: [server.url] });
      expect(await store.ready(5_000)).toBe(true);
      const received = new Map<string, number>();
      const feed = store.feed('f', { longestLife, receive: (entry, life) => void received.set(entry, life) });
      return { feed, received };
    };
    const [one, other] = [await open(), await open()];
    await expect.poll(() => Math.min(one.feed.completeAt(), other.feed.completeAt())).toBeGreaterThan(0);
    /** Adds an entry, which must reach the other process within a second. */
    const tell = async (entry: string) => {
      await one.feed.add(entry, 30_000);
      await expect
        .poll(() => other.received.get(entry), { timeout: 1_000, interval: 5 })
        .toBeGreaterThan(20_000);
    };
    return { clock, server, tell, open };
  };

  test('back, before the first entry', async () => {
    const { clock, tell } = await start();
    clock.set(-jump);
    await tell('a');
    await tell('b');
  });

  test('back, after an entry', async () => {
    const { clock, tell, open } = await start();
    await tell('a');
    clock.set(-jump);
    await tell('b');
    const late = await open();
    await expect.poll(() => [...late.received.keys()]).toEqual(['a', 'b']);
  });

  test('back, and the stream is removed', async () => {
    const { clock, server, tell } = await start();
    await tell('a');
    clock.set(-jump);
    await tell('b');
    await server.command('DEL', key);
    await tell('c');
    await tell('d');
  });

  test('back: the stream lives until the clock has passed its newest entry', async () => {
    const { clock, server, tell } = await start();
    await tell('a');
    clock.set(-jump);
    await tell('b');
    expect(Number(await server.command('PTTL', key))).toBeGreaterThan(jump * 1_000);
  });

  test('forward, and back again', async () => {
    const { clock, tell } = await start();
    await tell('a');
    clock.set(jump);
    await tell('b');
    clock.set(0);
    await tell('c');
    clock.set(2 * jump);
    await tell('d');
    clock.set(-jump);
    await tell('e');
  });

  test('back: the stream was removed, and a process that has read nothing adds the first entry', async () => {
    const { clock, server, tell, open } = await start();
    await tell('a');
    clock.set(-jump);
    await server.command('DEL', key);
    const quick = await open();
    await quick.feed.add('b', 30_000);
    await tell('c');
    await expect.poll(() => quick.received.has('c')).toBe(true);
  });
});
