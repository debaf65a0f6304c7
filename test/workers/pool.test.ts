/** The pool of workers, with workers that are none. */
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/options.ts';
import type { RegisteredIssuer } from '../../src/issuer/registry.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createWorkerPool } from '../../src/workers/pool.ts';
import type { FromWorker, ToWorker } from '../../src/workers/worker.ts';
import { configOf, fileFor } from '../support/app.ts';
import { createTestClock, settled } from '../support/clock.ts';

/** A worker that a test plays. */
interface Played {
  readonly heard: ToWorker[];
  readonly say: (message: FromWorker) => void;
  readonly exit: (how: number | string) => void;
  isSilent: boolean;
  wasKilled: boolean;
}

const addresses = { http: { host: '127.0.0.1', port: 8000 } };

async function createPool(count: number, isServing = () => true) {
  const initial: Config = await configOf(fileFor('https://i.example.com'));
  const clock = createTestClock();
  const records: Record<string, unknown>[] = [];
  const logger = createLogger('debug', { write: (line: string) => void records.push(JSON.parse(line)) });
  const workers: Played[] = [];
  const newMetrics = () =>
    createMetrics(
      { cacheEntries: () => 0, proofs: () => 0, issuers: () => [], workers: () => 0 },
      { version: '1', node: '2' },
    );
  const metrics = newMetrics();
  const counted = newMetrics();

  const forkWorker = () => {
    let [onMessage, onExits]: [(message: FromWorker) => void, ((how: number | string) => void)[]] = [
      () => {},
      [],
    ];
    const played: Played = {
      heard: [],
      say: (message) => onMessage(message),
      exit: (how) => {
        for (const tell of onExits) tell(how);
      },
      isSilent: false,
      wasKilled: false,
    };
    workers.push(played);
    return {
      pid: 100 + workers.length,
      send: (message: ToWorker) => {
        played.heard.push(message);
        if (message.kind === 'report' && !played.isSilent)
          void counted
            .report()
            .then((report) => onMessage({ kind: 'report', request: message.request, metrics: report }));
      },
      onMessage: (hear: (message: FromWorker) => void) => {
        onMessage = hear;
      },
      onExit: (hear: (how: number | string) => void) => void onExits.push(hear),
      kill: () => {
        played.wasKilled = true;
        played.exit('SIGKILL');
        onExits = [];
      },
    };
  };
  const pool = createWorkerPool({
    count,
    initial,
    metrics,
    logger,
    clock,
    random: () => 0,
    isServing,
    forkWorker,
  });
  const start = async () => {
    const starting = pool.start();
    for (const worker of workers) worker.say({ kind: 'listening', addresses });
    return starting;
  };
  const told = (message: string) => records.filter(({ msg }) => msg === message);
  return { pool, workers, clock, start, told, counted, initial };
}

const ended = 'a worker ended; it will be replaced';

describe('a start', () => {
  test('ends when every worker listens', async () => {
    const { start, pool, workers } = await createPool(3);
    expect(await start()).toEqual(addresses);
    expect(pool.workers()).toBe(3);
    expect(workers.map(({ heard }) => heard[0]?.kind)).toEqual(Array(3).fill('configuration'));
  });

  test('fails with the reason of the first that cannot', async () => {
    const { pool, workers } = await createPool(2);
    const starting = pool.start();
    workers[1]?.say({ kind: 'failed', message: 'EADDRINUSE' });
    await expect(starting).rejects.toThrow('EADDRINUSE');
  });

  test('fails where a worker says nothing', async () => {
    const { pool, clock } = await createPool(1);
    const starting = pool.start().catch((error: Error) => error.message);
    await clock.advance(30_000);
    expect(await starting).toMatch(/does not begin to listen/);
  });
});

describe('a worker that dies', () => {
  test('is replaced, each time after a longer pause, until one has lived', async () => {
    const { start, workers, clock, told } = await createPool(1);
    await start();
    for (const pause of [100, 200, 400]) {
      const before = workers.length;
      workers.at(-1)?.exit(70);
      await clock.advance(pause - 1);
      expect(workers).toHaveLength(before);
      await clock.advance(1);
      expect(workers).toHaveLength(before + 1);
    }
    expect(told(ended).map(({ restartInMs }) => restartInMs)).toEqual([100, 200, 400]);
    for (let death = 0; death < 8; death++) {
      const before = workers.length;
      workers.at(-1)?.exit(70);
      for (let wait = 0; workers.length === before && wait < 31; wait++) await clock.advance(1_000);
    }
    expect(told(ended).at(-1)?.restartInMs).toBe(30_000);
    workers.at(-1)?.say({ kind: 'listening', addresses });
    await clock.advance(60_001);
    workers.at(-1)?.exit(70);
    expect(told(ended).at(-1)?.restartInMs).toBe(100);
  });

  test('has its counts kept, and those of its successor added', async () => {
    const { start, pool, workers, clock, counted } = await createPool(1);
    await start();
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

  test('is gone from what the others are told', async () => {
    const { start, pool, workers, initial } = await createPool(2);
    await start();
    workers[0]?.exit(1);
    expect(pool.workers()).toBe(1);
    pool.take(initial, [], []);
    pool.changed();
    expect(workers[0]?.heard).toHaveLength(1);
    expect(workers[1]?.heard.map(({ kind }) => kind)).toEqual(['configuration', 'configuration', 'changed']);
  });
});

describe('a worker that is silent', () => {
  test('is ended, and another takes its place; one that answers is not', async () => {
    const { start, workers, clock } = await createPool(2);
    await start();
    const [silent, awake] = workers;
    if (silent !== undefined) silent.isSilent = true;
    for (let second = 0; second < 30 && silent?.wasKilled === false; second++) await clock.advance(1_000);
    expect([silent?.wasKilled, awake?.wasKilled]).toEqual([true, false]);
    await clock.advance(200);
    expect(workers).toHaveLength(3);
  });

  test('does not hold up a scrape', async () => {
    const { start, pool, workers, clock } = await createPool(1);
    await start();
    if (workers[0] !== undefined) workers[0].isSilent = true;
    const scraped = pool.scrape();
    await clock.advance(1_000);
    expect(await scraped).toMatch(/oidc_authz_workers/);
  });
});

test('an unknown key is fetched by its owner, and the worker hears whether that was due', async () => {
  const { start, pool, workers, initial } = await createPool(1);
  const fetched: string[] = [];
  const due = [Promise.resolve(), undefined];
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
  await start();
  for (const request of [1, 2])
    workers[0]?.say({ kind: 'fetch', request, identity: 'main', keyId: `k${request}` });
  workers[0]?.say({ kind: 'fetch', request: 3, identity: 'nobody', keyId: 'k3' });
  await settled();
  expect(fetched).toEqual(['k1', 'k2']);
  const answers = workers[0]?.heard.filter(({ kind }) => kind === 'fetched');
  expect(
    answers?.map((answer) => ('wasDue' in answer ? [answer.request, answer.wasDue] : []).join()),
  ).toEqual(expect.arrayContaining(['1,true', '2,false', '3,false']));
});

test('a stop ends when all have ended, and kills those that do not', async () => {
  const { start, pool, workers, clock } = await createPool(2);
  await start();
  let isOver = false;
  void pool.stop().then(() => {
    isOver = true;
  });
  expect(workers.map(({ heard }) => heard.at(-1)?.kind)).toEqual(['stop', 'stop']);
  workers[0]?.exit(0);
  await clock.advance(4_999);
  expect([isOver, workers[1]?.wasKilled]).toEqual([false, false]);
  await clock.advance(1);
  await settled();
  expect([isOver, workers[1]?.wasKilled]).toEqual([true, true]);
  await clock.advance(60_000);
  expect(workers).toHaveLength(2);
});
