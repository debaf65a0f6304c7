/** The pool of workers, with workers that are none. */
import { describe, expect, test } from 'vitest';
import type { RegisteredIssuer } from '../../../src/issuer/registry.ts';
import type { ToWorker } from '../../../src/service/workers/protocol.ts';
import { settled } from '../../support/clock.ts';
import { createPlayedPool, type PlayedPoolOptions } from './played.ts';

/** A pool that has started. */
async function startPool(options: PlayedPoolOptions = {}) {
  const played = await createPlayedPool(options);
  const addresses = await played.pool.start();
  return { ...played, addresses };
}

const kinds = (messages: readonly ToWorker[] = []) =>
  messages.map(({ kind }) => kind).filter((kind) => kind !== 'report');

const ended = 'a worker exited; it will be replaced';
const silent = 'a worker does not respond; a replacement is started';
const minutes = (count: number) => count * 60_000;

describe('a start', () => {
  test('ends when every worker listens', async () => {
    const { pool, workers, addresses } = await startPool({ count: 3 });
    expect(addresses).toEqual({ http: { host: '127.0.0.1', port: 8000 } });
    expect(pool.workers()).toBe(3);
    expect(workers.map(({ heard }) => kinds(heard))).toEqual(Array(3).fill(['configuration']));
  });

  test('fails where a port cannot be bound, and starts no worker', async () => {
    const { pool, workers, failToBind } = await createPlayedPool();
    failToBind('EADDRINUSE');
    await expect(pool.start()).rejects.toThrow('EADDRINUSE');
    expect(workers).toEqual([]);
  });

  test('fails with the reason of a worker that cannot', async () => {
    const { pool, workers } = await createPlayedPool({ startByHand: true });
    const starting = pool.start();
    await settled();
    workers[1]?.say({ kind: 'failed', message: 'no such key' });
    await expect(starting).rejects.toThrow('no such key');
  });

  test('fails after ten workers that ended before any listened', async () => {
    const { pool, workers, clock } = await createPlayedPool({ startByHand: true });
    const starting = pool.start().catch((error: Error) => error.message);
    for (let death = 0; death < 10; death++) {
      await clock.advance(1_000);
      workers.findLast((worker) => worker.isAlive())?.exit(70);
    }
    expect(await starting).toMatch(/no worker listens.*10 have exited/);
  });

  test('survives a worker that ends before it listens', async () => {
    const { pool, workers, clock } = await createPlayedPool({ startByHand: true });
    const starting = pool.start();
    await settled();
    workers[0]?.exit('SIGKILL');
    await clock.advance(100);
    for (const worker of workers) worker.listen();
    await starting;
    expect(pool.workers()).toBe(2);
  });

  test('waits for a worker that takes five minutes, and ends none', async () => {
    const { pool, workers, clock, alive } = await createPlayedPool({ startByHand: true });
    let hasStarted = false;
    void pool.start().then(() => {
      hasStarted = true;
    });
    for (let second = 0; second < 300; second += 10) await clock.advance(10_000);
    expect(workers.slice(0, 2).map((worker) => worker.wasKilled())).toEqual([false, false]);
    expect(hasStarted).toBe(false);
    for (const worker of workers.slice(0, 2)) worker.listen();
    await settled();
    expect([hasStarted, pool.workers()]).toEqual([true, 2]);
    await clock.advance(10_000);
    expect(alive()).toEqual(workers.slice(0, 2));
  });

  test('goes on without one that is slow, once another has listened for half a minute', async () => {
    const { pool, workers, clock } = await createPlayedPool({ startByHand: true });
    let hasStarted = false;
    void pool.start().then(() => {
      hasStarted = true;
    });
    await settled();
    workers[1]?.listen();
    await clock.advance(29_999);
    expect(hasStarted).toBe(false);
    await clock.advance(1);
    expect([hasStarted, pool.workers()]).toEqual([true, 1]);
  });

  test('is of a count that tells how many listen, not how many there are', async () => {
    const { pool, workers, clock } = await startPool();
    workers[0]?.stall();
    workers[1]?.exit(1);
    expect(pool.workers()).toBe(1);
    workers[0]?.exit(1);
    expect(pool.workers()).toBe(0);
    await clock.advance(1_000);
    expect(pool.workers()).toBe(2);
  });
});

describe('a worker that dies', () => {
  test('is replaced, each time after a longer pause, until one has lived', async () => {
    const { pool, workers, clock, told } = await startPool({ count: 2, startByHand: false });
    const die = async () => {
      const before = workers.length;
      // The first stays; the place of the second is the one that is filled again and again.
      workers.findLast((worker) => worker.isAlive() && worker !== workers[0])?.exit(70);
      await settled();
      const pause = Number(told(ended).at(-1)?.restartInMs);
      await clock.advance(pause - 1);
      expect(workers).toHaveLength(before);
      await clock.advance(1);
      expect(workers).toHaveLength(before + 1);
      return pause;
    };
    const pauses: number[] = [];
    for (let death = 0; death < 11; death++) pauses.push(await die());
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    await clock.advance(60_001);
    expect(await die()).toBe(100);
    expect(pool.workers()).toBe(2);
  });

  test('is replaced within a second where no other listens, also one that was to come later', async () => {
    const { pool, workers, clock, told } = await startPool();
    for (let death = 0; death < 9; death++) {
      workers.findLast((worker) => worker.isAlive() && worker !== workers[0])?.exit(70);
      await clock.advance(26_000);
    }
    workers.at(-1)?.exit(70);
    await settled();
    expect(told(ended).at(-1)?.restartInMs).toBe(30_000);
    workers[0]?.exit(70);
    await clock.advance(1_000);
    expect(pool.workers()).toBe(2);
  });

  test('has its counts kept, and those of its successor added', async () => {
    const { pool, workers, clock, counted } = await startPool({ count: 1 });
    for (let check = 0; check < 5; check++) counted.cacheLookup(true);
    const hits = async () => /lookups_total\{result="hit"\} (\d+)/.exec(await pool.scrape())?.[1];
    expect(await hits()).toBe('5');
    workers[0]?.exit(1);
    expect(await hits()).toBe('5');
    await clock.advance(100);
    expect(await hits()).toBe('10');
    expect(await pool.scrape()).toMatch(/oidc_authz_worker_restarts_total 1$/m);
    expect(await pool.scrape()).toMatch(/oidc_authz_build_info\{version="1",node="2"\} 1$/m);
  });

  test('while it is asked what it has counted, is counted once', async () => {
    const { pool, workers, clock, counted } = await startPool();
    for (let check = 0; check < 5; check++) counted.cacheLookup(true);
    const hits = (text: string) => /lookups_total\{result="hit"\} (\d+)/.exec(text)?.[1];
    expect(hits(await pool.scrape())).toBe('10');
    workers[0]?.stall();
    const scraped = pool.scrape();
    await settled();
    workers[0]?.exit('SIGKILL');
    expect(hits(await scraped)).toBe('10');
    await clock.advance(1_000);
  });

  test('is gone from what the others are told', async () => {
    const { pool, workers, initial } = await startPool();
    workers[0]?.exit(1);
    pool.take(initial, [], []);
    pool.changed();
    await settled();
    expect(kinds(workers[0]?.heard)).toEqual(['configuration']);
    expect(kinds(workers[1]?.heard)).toEqual(['configuration', 'configuration', 'changed']);
  });

  test('leaves the ports open, and its successors get the connections that came meanwhile', async () => {
    const { workers, clock, connect, areOpen, dropped } = await startPool();
    for (const worker of workers) worker.exit('SIGKILL');
    const connections = [connect(), connect(), connect()];
    await settled();
    expect([areOpen(), dropped.size]).toEqual([true, 0]);
    await clock.advance(1_000);
    const handed = workers.slice(2).flatMap(({ heard }) => heard.filter(({ kind }) => kind === 'connection'));
    expect(handed).toHaveLength(3);
    // Its own hold on a connection the pool gives up once a worker has it.
    expect(connections.every((connection) => dropped.has(connection))).toBe(true);
  });
});

describe('the last resort', () => {
  const dieFor = async (
    { workers, clock }: Pick<Awaited<ReturnType<typeof startPool>>, 'workers' | 'clock'>,
    seconds: number,
  ) => {
    for (let second = 0; second < seconds; second++) {
      for (const worker of workers.filter((one) => one.isAlive())) worker.exit(70);
      await clock.advance(1_000);
    }
  };

  test('is for workers that die and die for a minute, and none listens', async () => {
    const played = await createPlayedPool({ startByHand: true });
    void played.pool.start();
    await settled();
    for (const worker of played.workers) worker.listen();
    await played.clock.advance(minutes(5));
    await dieFor(played, 60);
    expect(played.givenUp).toEqual([]);
    await dieFor(played, 6);
    expect(played.givenUp[0]).toMatch(/no worker listens since 6\d s/);
  });

  test('is not for workers that die while another listens', async () => {
    const played = await startPool();
    const { workers, clock, givenUp } = played;
    for (let second = 0; second < 200; second++) {
      for (const worker of workers.slice(1)) worker.exit(70);
      await clock.advance(1_000);
    }
    expect([givenUp, played.pool.workers() >= 1]).toEqual([[], true]);
  });

  test('is for a service in which nobody has listened for ten minutes', async () => {
    const { workers, clock, givenUp, pool } = await createPlayedPool({ startByHand: true });
    void pool.start();
    await settled();
    for (const worker of workers) worker.listen();
    await clock.advance(1_000);
    for (const worker of workers) worker.exit(1);
    await clock.advance(minutes(10));
    expect(givenUp).toEqual([]);
    await clock.advance(5_000);
    expect(givenUp.length).toBeGreaterThan(0);
  });
});

describe('a worker that is silent', () => {
  test('goes on until another listens in its place', async () => {
    const { pool, workers, clock, told } = await createPlayedPool({ startByHand: true });
    const starting = pool.start();
    await settled();
    for (const worker of workers) worker.listen();
    await starting;
    workers[0]?.stall();
    await clock.advance(30_000);
    expect(told(silent)).toHaveLength(1);
    expect(workers).toHaveLength(3);
    await clock.advance(minutes(4));
    expect(workers.map((worker) => worker.wasKilled())).toEqual([false, false, false]);
    workers[2]?.listen();
    await settled();
    expect(workers.map((worker) => worker.wasKilled())).toEqual([true, false, false]);
    expect(pool.workers()).toBe(2);
    expect(await pool.scrape()).toMatch(/oidc_authz_worker_restarts_total 1$/m);
  });

  test('stays where it answers before the other listens', async () => {
    const { pool, workers, clock } = await createPlayedPool({ startByHand: true });
    const starting = pool.start();
    await settled();
    for (const worker of workers) worker.listen();
    await starting;
    workers[0]?.stall();
    await clock.advance(30_000);
    workers[0]?.resume();
    await clock.advance(5_000);
    expect(workers.map((worker) => worker.wasKilled())).toEqual([false, false, true]);
    expect(pool.workers()).toBe(2);
    await clock.advance(minutes(2));
    expect(workers).toHaveLength(3);
  });

  test('has only one started beside it, though all are silent', async () => {
    const { pool, workers, clock } = await createPlayedPool({ count: 4, startByHand: true });
    const starting = pool.start();
    await settled();
    for (const worker of workers) worker.listen();
    await starting;
    for (const worker of workers) worker.stall();
    await clock.advance(minutes(5));
    expect(workers).toHaveLength(5);
    expect(workers.some((worker) => worker.wasKilled())).toBe(false);
    for (const worker of workers) worker.resume();
    await clock.advance(5_000);
    expect(pool.workers()).toBe(4);
  });

  test('is none where it was this process that stood still', async () => {
    const { workers, clock, told } = await startPool();
    await clock.advance(7_000);
    clock.pass(minutes(3));
    await clock.advance(10_000);
    expect([told(silent).length, workers.length]).toEqual([0, 2]);
  });

  test('that ends while another starts beside it has that one for its successor', async () => {
    const { pool, workers, clock } = await createPlayedPool({ startByHand: true });
    const starting = pool.start();
    await settled();
    for (const worker of workers) worker.listen();
    await starting;
    workers[0]?.stall();
    await clock.advance(30_000);
    workers[0]?.exit('SIGKILL');
    await clock.advance(minutes(1));
    workers[2]?.listen();
    await settled();
    expect([workers.length, pool.workers()]).toEqual([3, 2]);
  });

  test('whose successors end has another started beside it every half minute at most', async () => {
    const { pool, workers, clock, alive } = await createPlayedPool({ startByHand: true });
    const starting = pool.start();
    await settled();
    for (const worker of workers) worker.listen();
    await starting;
    workers[0]?.stall();
    for (let second = 0; second < 600; second++) {
      for (const worker of alive().slice(2)) worker.exit(70);
      await clock.advance(1_000);
    }
    expect(workers.length).toBeGreaterThan(10);
    expect(workers.length).toBeLessThanOrEqual(2 + 600 / 30);
    expect(workers[0]?.wasKilled()).toBe(false);
  });

  test('does not hold up a scrape', async () => {
    const { pool, workers, clock } = await startPool({ count: 1 });
    workers[0]?.stall();
    const scraped = pool.scrape();
    await clock.advance(1_000);
    expect(await scraped).toMatch(/oidc_authz_workers/);
  });
});

describe('a worker that is slow', () => {
  test('is told the newest of 300 configurations, and never has many messages waiting', async () => {
    const { pool, workers, initial, connect, clock } = await startPool();
    const [slow] = workers;
    slow?.stall();
    for (let reload = 0; reload < 300; reload++) {
      pool.take({ ...initial, realm: `realm-${reload}` }, [], []);
      pool.changed();
      void pool.scrape();
      connect();
      if (reload % 10 === 0) await clock.advance(100);
    }
    expect(slow?.unread.length).toBeLessThanOrEqual(3);
    slow?.resume();
    await settled();
    const configurations = workers.map(({ heard }) =>
      heard.flatMap((message) => (message.kind === 'configuration' ? [message.config.realm] : [])),
    );
    expect(configurations.map((realms) => realms.at(-1))).toEqual(['realm-299', 'realm-299']);
    expect(configurations[0]?.length).toBeLessThanOrEqual(4);
  });

  test('hears of a fetch behind the keys that came of it', async () => {
    const { pool, workers, initial } = await startPool({ count: 1 });
    let text = 'old';
    const issuer = {
      snapshot: () => ({ text, age: 1, isFailing: false }),
      fetchForUnknownKey: async () => {
        text = 'new';
        pool.changed();
      },
    };
    const owner = { config: initial.issuers[0], identity: 'main', issuer } as unknown as RegisteredIssuer;
    workers[0]?.stall();
    pool.take(initial, [owner], []);
    pool.changed();
    workers[0]?.say({ kind: 'fetch', request: 1, identity: 'main', keyId: 'k1' });
    await settled();
    workers[0]?.resume();
    await settled();
    const heard = workers[0]?.heard ?? [];
    const answer = heard.findIndex(({ kind }) => kind === 'fetched');
    const keys = heard.findIndex((one) => 'issuers' in one && one.issuers[0]?.snapshot.text === 'new');
    expect(keys).toBeGreaterThan(0);
    expect(answer).toBeGreaterThan(keys);
  });
});

test('a connection that does not reach a worker, though it answers, is handed out again', async () => {
  const { workers, connect, clock } = await startPool({ count: 1 });
  const [worker] = workers;
  worker?.stall();
  connect();
  await settled();
  const lost = worker?.unread.findIndex(({ kind }) => kind === 'connection') ?? -1;
  worker?.unread.splice(lost, 1);
  worker?.resume();
  await clock.advance(5_000);
  expect(kinds(worker?.heard)).toEqual(['configuration', 'connection']);
});

test('fifty scrapes at once are two', async () => {
  const { pool, workers } = await startPool({ count: 1 });
  await Promise.all(Array.from({ length: 50 }, () => pool.scrape()));
  expect(workers[0]?.heard.filter(({ kind }) => kind === 'report')).toHaveLength(2);
});

test('an unknown key is fetched by its owner, and the worker hears whether that was due', async () => {
  const { pool, workers, initial } = await startPool({ count: 1 });
  const fetched: string[] = [];
  const due = [Promise.resolve(), undefined, Promise.reject(new Error('a defect'))];
  const issuer = {
    snapshot: () => ({ text: '{"keys":[]}', age: 1, isFailing: false }),
    fetchForUnknownKey: (id: string) => {
      fetched.push(id);
      return due.shift();
    },
  };
  pool.take(
    initial,
    [{ config: initial.issuers[0], identity: 'main', issuer } as unknown as RegisteredIssuer],
    [],
  );
  for (const request of [1, 2, 4])
    workers[0]?.say({ kind: 'fetch', request, identity: 'main', keyId: `k${request}` });
  workers[0]?.say({ kind: 'fetch', request: 3, identity: 'nobody', keyId: 'k3' });
  await settled();
  expect(fetched).toEqual(['k1', 'k2', 'k4']);
  const answers = workers[0]?.heard.flatMap((message) =>
    message.kind === 'fetched' ? [`${message.request} ${message.wasDue}`] : [],
  );
  expect(answers?.toSorted()).toEqual(['1 true', '2 false', '3 false', '4 false']);
});

describe('a stop', () => {
  test('asks clients to go, closes the ports, and then lets the workers end', async () => {
    const { pool, workers, clock, areOpen } = await startPool({ flags: ['--shutdown-delay=3s'] });
    let isOver = false;
    void pool.stop().then(() => {
      isOver = true;
    });
    await clock.advance(2_999);
    expect(workers.map(({ heard }) => kinds(heard).at(-1))).toEqual(['drain', 'drain']);
    expect([areOpen(), isOver]).toEqual([true, false]);
    await clock.advance(1);
    expect(workers.map(({ heard }) => kinds(heard).at(-1))).toEqual(['close', 'close']);
    expect([areOpen(), isOver]).toEqual([false, true]);
    await clock.advance(minutes(2));
    expect(workers).toHaveLength(2);
  });

  test('hands out the last connections before it lets the workers end', async () => {
    const { pool, workers, connect, clock } = await startPool({ count: 1, flags: ['--shutdown-delay=1s'] });
    void pool.stop();
    await clock.advance(999);
    workers[0]?.stall();
    connect();
    await clock.advance(500);
    expect(kinds(workers[0]?.unread)).toEqual(['connection']);
    workers[0]?.resume();
    await settled();
    expect(kinds(workers[0]?.heard).slice(-2)).toEqual(['connection', 'close']);
  });

  test('kills workers that do not end in time, and at once those that did not listen yet', async () => {
    const { pool, workers, clock } = await startPool();
    workers[0]?.exit(1);
    await clock.advance(100);
    workers[1]?.stall();
    let isOver = false;
    void pool.stop().then(() => {
      isOver = true;
    });
    await clock.advance(4_999);
    expect([isOver, workers[1]?.wasKilled(), workers[2]?.wasKilled()]).toEqual([false, false, false]);
    await clock.advance(1);
    expect([isOver, workers[1]?.wasKilled()]).toEqual([true, true]);
  });

  test('is not held up by a worker that is still starting, and starts no other', async () => {
    const { pool, workers, clock } = await createPlayedPool({ startByHand: true });
    void pool.start();
    await settled();
    let isOver = false;
    void pool.stop().then(() => {
      isOver = true;
    });
    await clock.advance(1_000);
    expect(isOver).toBe(true);
    expect(workers.map((worker) => worker.wasKilled())).toEqual([true, true]);
    await clock.advance(minutes(1));
    expect(workers).toHaveLength(2);
  });
});
