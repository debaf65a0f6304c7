/** A pool with fake workers, ports and clock. */
import type { Socket } from 'node:net';
import type { Config } from '../../../src/config/declare/options.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import type { Report } from '../../../src/observe/worker-metrics.ts';
import { createWorkerPool } from '../../../src/service/workers/pool.ts';
import type { Connection, FromWorker, ToWorker } from '../../../src/service/workers/protocol.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock, type TestClock } from '../../support/clock.ts';

/** A fake worker. Like a process, it reads messages in order unless it is stalled. */
export interface FakeWorker {
  readonly pid: number;
  /** The read and the unread messages. */
  readonly heard: ToWorker[];
  readonly unread: ToWorker[];
  readonly say: (message: FromWorker) => void;
  readonly exit: (how: number | string) => void;
  /** Stops reading, like a process without CPU. */
  readonly stall: () => void;
  readonly resume: () => void;
  /** Starts to answer and to listen. */
  readonly listen: () => void;
  readonly isAlive: () => boolean;
  readonly isListening: () => boolean;
  /** When it was started, started to listen, and stopped reading; in milliseconds of the clock. */
  readonly startedAt: number;
  readonly listensSince: () => number | undefined;
  readonly stalledSince: () => number | undefined;
  readonly wasKilled: () => boolean;
}

/** The options of a test. */
export interface FakePoolOptions {
  readonly count?: number;
  /** Whether the test starts the workers to listen. By default, they listen when they have their configuration. */
  readonly startByHand?: boolean;
  /** Whether the workers have metrics, which makes reports slower. */
  readonly isCounting?: boolean;
  readonly isServing?: () => boolean;
  readonly flags?: readonly string[];
  /** Called before a worker is killed. */
  readonly onKill?: (worker: FakeWorker) => void;
}

/** Creates the pool. */
export async function createFakePool(options: FakePoolOptions = {}) {
  const {
    count = 2,
    startByHand = false,
    isCounting = true,
    isServing = () => true,
    flags = [],
    onKill = () => {},
  } = options;
  const initial: Config = await configOf(fileFor('https://i.example.com'), flags);
  const clock = createTestClock();
  const records: Record<string, unknown>[] = [];
  const logger = createLogger('debug', { write: (line: string) => void records.push(JSON.parse(line)) });
  const newMetrics = () =>
    createMetrics(
      { cacheEntries: () => 0, proofs: () => 0, issuers: () => [], workers: () => 0 },
      { version: '1', node: '2' },
    );
  const metrics = newMetrics();
  const counted = newMetrics();
  const workers: FakeWorker[] = [];
  const givenUp: string[] = [];
  const dropped = new Set<Connection>();
  let arrived: (connection: Connection) => void = () => {};
  let areOpen = false;
  let bind = () => {};

  const pool = createWorkerPool({
    count,
    initial,
    metrics,
    logger,
    clock,
    random: () => 0,
    isServing,
    forkWorker: () => {
      const { worker, port } = createFakeWorker(
        100 + workers.length,
        clock,
        startByHand,
        isCounting ? counted.report : () => [],
        onKill,
      );
      workers.push(worker);
      return port;
    },
    giveUp: (error) => void givenUp.push(error.message),
    sessionKeysText: () => '',
    reportRejected: () => {},
    certificateReloaded: () => {},
    ports: {
      open: async (onConnection) => {
        bind();
        areOpen = true;
        arrived = onConnection;
        return { http: { host: '127.0.0.1', port: 8000 } };
      },
      close: async () => {
        areOpen = false;
      },
    },
  });
  return {
    pool,
    workers,
    clock,
    initial,
    counted,
    givenUp,
    dropped,
    /** Makes the ports fail to open. */
    failToBind: (message: string) => {
      bind = () => {
        throw new Error(message);
      };
    },
    areOpen: () => areOpen,
    connect: (): Connection => {
      const connection: Connection = {
        listener: 'http',
        socket: { destroy: () => dropped.add(connection) } as unknown as Socket,
      };
      if (areOpen) arrived(connection);
      return connection;
    },
    alive: () => workers.filter((worker) => worker.isAlive()),
    listening: () => workers.filter((worker) => worker.isListening()),
    recordsOf: (message: string) => records.filter(({ msg }) => msg === message),
  };
}

function createFakeWorker(
  pid: number,
  clock: TestClock,
  startByHand: boolean,
  report: () => Report | Promise<Report>,
  onKill: (worker: FakeWorker) => void,
) {
  let tell: (message: FromWorker) => void = () => {};
  let onExits: ((how: number | string) => void)[] = [];
  let [isAlive, isListening, wasKilled, mayListen] = [true, false, false, !startByHand];
  let [stalledSince, listensSince]: (number | undefined)[] = [];
  const heard: ToWorker[] = [];
  const unread: ToWorker[] = [];

  const say = (message: FromWorker) => {
    if (isAlive) tell(message);
  };
  const answer = (message: ToWorker) => {
    heard.push(message);
    if (message.kind === 'configuration' || message.kind === 'changed') say({ kind: 'taken' });
    if (message.kind === 'configuration' && !isListening) {
      isListening = true;
      listensSince = clock.monotonic();
      say({ kind: 'listening' });
    }
    if (message.kind === 'connection') say({ kind: 'accepted' });
    if (message.kind === 'report')
      void Promise.resolve(report()).then((metrics) => say({ kind: 'report', metrics }));
    if (message.kind === 'close') exit(0);
  };
  const read = () => {
    while (isAlive && mayListen && stalledSince === undefined) {
      const message = unread.shift();
      if (message === undefined) return;
      answer(message);
    }
  };
  const exit = (how: number | string) => {
    if (!isAlive) return;
    [isAlive, isListening] = [false, false];
    for (const hear of onExits) hear(how);
    onExits = [];
  };
  const worker: FakeWorker = {
    pid,
    startedAt: clock.monotonic(),
    heard,
    unread,
    say,
    exit,
    stall: () => {
      stalledSince ??= clock.monotonic();
    },
    resume: () => {
      stalledSince = undefined;
      read();
    },
    listen: () => {
      mayListen = true;
      read();
    },
    isAlive: () => isAlive,
    isListening: () => isListening,
    listensSince: () => listensSince,
    stalledSince: () => stalledSince,
    wasKilled: () => wasKilled,
  };
  const port = {
    pid,
    send: (message: ToWorker) => {
      if (!isAlive) return;
      unread.push(message);
      // Like a process: it reads messages later.
      queueMicrotask(read);
    },
    onMessage: (hear: (message: FromWorker) => void) => {
      tell = hear;
    },
    onExit: (hear: (how: number | string) => void) => void onExits.push(hear),
    kill: () => {
      if (!isAlive) return;
      onKill(worker);
      wasKilled = true;
      queueMicrotask(() => exit('SIGKILL'));
    },
  };
  return { worker, port };
}
