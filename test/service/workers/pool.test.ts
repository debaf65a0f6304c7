/** The worker pool with fake workers. */
import { describe, expect, test } from 'vitest';
import type { RegisteredIssuer } from '../../../src/issuer/registry.ts';
import type { ToWorker } from '../../../src/service/workers/protocol.ts';
import { settled } from '../../support/clock.ts';
import { createFakePool, type FakePoolOptions } from './fake-workers.ts';

/** A started pool. */
async function startPool(options: FakePoolOptions = {}) {
  const fake = await createFakePool(options);
  const addresses = await fake.pool.start();
  return { ...fake, addresses };
}

const kinds = (messages: readonly ToWorker[] = []) =>
  messages.map(({ kind }) => kind).filter((kind) => kind !== 'report');

const ended = 'a worker exited and is replaced';
const silent = 'a worker does not respond; a replacement is started';
const minutes = (count: number) => count * 60_000;

describe('a start', () => {
  test('resolves when every worker listens', async () => {
    const { pool, workers, addresses } = await startPool({ count: 3 });
    expect(addresses).toEqual({ http: { host: '127.0.0.1', port: 8000 } });
    expect(pool.workers()).toBe(3);
    expect(workers.map(({ heard }) => kinds(heard))).toEqual(Array(3).fill(['configuration']));
  });

  test('rejects if a port cannot be bound, and starts no worker', async () => {
    const { pool, workers, failToBind } = await createFakePool();
    failToBind('EADDRINUSE');
    await expect(pool.start()).rejects.toThrow('EADDRINUSE');
    expect(workers).toEqual([]);
  });

  test('rejects with the problem of a worker that cannot start', async () => {
    const { pool, workers } = await createFakePool({ startByHand: true });
    const starting = pool.start();
    await settled();
    workers[1]?.say({ kind: 'failed', message: 'no such key' });
    await expect(starting).rejects.toThrow('no such key');
  });

  test('rejects after ten workers exited before any listened', async () => {
    const { pool, workers, clock } = await createFakePool({ startByHand: true });
    const starting = pool.start().catch((error: Error) => error.message);
    for (let death = 0; death < 10; death++) {
      await clock.advance(1_000);
      workers.findLast((worker) => worker.isAlive())?.exit(70);
    }
    expect(await starting).toMatch(/no worker has listened.*10 workers have exited/);
  });

  test('continues after a worker exits before it listens', async () => {
    const { pool, workers, clock } = await createFakePool({ startByHand: true });
    const starting = pool.start();
    await settled();
    workers[0]?.exit('SIGKILL');
    await clock.advance(100);
    for (const worker of workers) worker.listen();
    await starting;
    expect(pool.workers()).toBe(2);
  });

  test('waits for a worker that takes five minutes, and kills none', async () => {
    const { pool, workers, clock, alive } = await createFakePool({ startByHand: true });
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

  test('continues without a slow worker after another has listened for 30 s', async () => {
    const { pool, workers, clock } = await createFakePool({ startByHand: true });
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

  test('counts listening workers, not started ones', async () => {
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

describe('a worker that exits', () => {
  test('is replaced after a pause that doubles until a worker lives long enough', async () => {
    const { pool, workers, clock, recordsOf } = await startPool({ count: 2, startByHand: false });
    const die = async () => {
      const before = workers.length;
      // The first worker stays. The slot of the second is refilled repeatedly.
      workers.findLast((worker) => worker.isAlive() && worker !== workers[0])?.exit(70);
      await settled();
      const pause = Number(recordsOf(ended).at(-1)?.restartInMs);
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

  test('is replaced within 1 s if no other listens, also if a longer pause was planned', async () => {
    const { pool, workers, clock, recordsOf } = await startPool();
    for (let death = 0; death < 9; death++) {
      workers.findLast((worker) => worker.isAlive() && worker !== workers[0])?.exit(70);
      await clock.advance(26_000);
    }
    workers.at(-1)?.exit(70);
    await settled();
    expect(recordsOf(ended).at(-1)?.restartInMs).toBe(30_000);
    workers[0]?.exit(70);
    await clock.advance(1_000);
    expect(pool.workers()).toBe(2);
  });

  test('keeps its counters, and those of its successor are added', async () => {
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

  test('during a report request is counted once', async () => {
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

  test('gets no further messages', async () => {
    const { pool, workers, initial } = await startPool();
    workers[0]?.exit(1);
    pool.take(initial, [], []);
    pool.changed();
    await settled();
    expect(kinds(workers[0]?.heard)).toEqual(['configuration']);
    expect(kinds(workers[1]?.heard)).toEqual(['configuration', 'configuration', 'changed']);
  });

  test('leaves the ports open, and its successor gets the waiting connections', async () => {
    const { workers, clock, connect, areOpen, dropped } = await startPool();
    for (const worker of workers) worker.exit('SIGKILL');
    const connections = [connect(), connect(), connect()];
    await settled();
    expect([areOpen(), dropped.size]).toEqual([true, 0]);
    await clock.advance(1_000);
    const handed = workers.slice(2).flatMap(({ heard }) => heard.filter(({ kind }) => kind === 'connection'));
    expect(handed).toHaveLength(3);
    // The pool closes its own copy of a connection after a worker has it.
    expect(connections.every((connection) => dropped.has(connection))).toBe(true);
  });
});

describe('giving up', () => {
  const dieFor = async (
    { workers, clock }: Pick<Awaited<ReturnType<typeof startPool>>, 'workers' | 'clock'>,
    seconds: number,
  ) => {
    for (let second = 0; second < seconds; second++) {
      for (const worker of workers.filter((one) => one.isAlive())) worker.exit(70);
      await clock.advance(1_000);
    }
  };

  test('happens if workers keep exiting for a minute and none listens', async () => {
    const fake = await createFakePool({ startByHand: true });
    void fake.pool.start();
    await settled();
    for (const worker of fake.workers) worker.listen();
    await fake.clock.advance(minutes(5));
    await dieFor(fake, 60);
    expect(fake.givenUp).toEqual([]);
    await dieFor(fake, 6);
    expect(fake.givenUp[0]).toMatch(/no worker has listened for 6\d s/);
  });

  test('does not happen while another worker listens', async () => {
    const fake = await startPool();
    const { workers, clock, givenUp } = fake;
    for (let second = 0; second < 200; second++) {
      for (const worker of workers.slice(1)) worker.exit(70);
      await clock.advance(1_000);
    }
    expect([givenUp, fake.pool.workers() >= 1]).toEqual([[], true]);
  });

  test('happens if no worker has listened for ten minutes', async () => {
    const { workers, clock, givenUp, pool } = await createFakePool({ startByHand: true });
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

describe('a worker that does not respond', () => {
  test('stays until its replacement listens', async () => {
    const { pool, workers, clock, recordsOf } = await createFakePool({ startByHand: true });
    const starting = pool.start();
    await settled();
    for (const worker of workers) worker.listen();
    await starting;
    workers[0]?.stall();
    await clock.advance(30_000);
    expect(recordsOf(silent)).toHaveLength(1);
    expect(workers).toHaveLength(3);
    await clock.advance(minutes(4));
    expect(workers.map((worker) => worker.wasKilled())).toEqual([false, false, false]);
    workers[2]?.listen();
    await settled();
    expect(workers.map((worker) => worker.wasKilled())).toEqual([true, false, false]);
    expect(pool.workers()).toBe(2);
    expect(await pool.scrape()).toMatch(/oidc_authz_worker_restarts_total 1$/m);
  });

  test('stays if it responds before its replacement listens', async () => {
    const { pool, workers, clock } = await createFakePool({ startByHand: true });
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

  test('gets one replacement at a time, also if no worker responds', async () => {
    const { pool, workers, clock } = await createFakePool({ count: 4, startByHand: true });
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

  test('is not assumed if this process was stalled', async () => {
    const { workers, clock, recordsOf } = await startPool();
    await clock.advance(7_000);
    clock.pass(minutes(3));
    await clock.advance(10_000);
    expect([recordsOf(silent).length, workers.length]).toEqual([0, 2]);
  });

  test('that exits while its replacement starts is replaced by it', async () => {
    const { pool, workers, clock } = await createFakePool({ startByHand: true });
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

  test('whose replacements exit gets a new one at most every 30 s', async () => {
    const { pool, workers, clock, alive } = await createFakePool({ startByHand: true });
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

  test('does not delay a scrape', async () => {
    const { pool, workers, clock } = await startPool({ count: 1 });
    workers[0]?.stall();
    const scraped = pool.scrape();
    await clock.advance(1_000);
    expect(await scraped).toMatch(/oidc_authz_workers/);
  });
});

describe('a slow worker', () => {
  test('gets the newest of 300 configurations, and never has many unread messages', async () => {
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

  test('gets the result of a fetch after the fetched keys', async () => {
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

test('a connection that did not reach a responding worker is handed out again', async () => {
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

test('fifty concurrent scrapes run as two', async () => {
  const { pool, workers } = await startPool({ count: 1 });
  await Promise.all(Array.from({ length: 50 }, () => pool.scrape()));
  expect(workers[0]?.heard.filter(({ kind }) => kind === 'report')).toHaveLength(2);
});

test('the main process fetches an unknown key, and the worker learns whether a fetch was due', async () => {
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
  test('asks clients to disconnect, closes the ports, and then lets the workers exit', async () => {
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

  test('hands out the last connections before the workers exit', async () => {
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

  test('kills workers that do not exit in time, and immediately those that do not listen yet', async () => {
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

  test('is not delayed by a worker that is still starting, and starts no other', async () => {
    const { pool, workers, clock } = await createFakePool({ startByHand: true });
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
