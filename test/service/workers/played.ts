/** A pool whose workers, ports and clock a test plays. */
import type { Socket } from 'node:net';
import type { Config } from '../../../src/config/declare/options.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import type { Report } from '../../../src/observe/worker-metrics.ts';
import { createWorkerPool } from '../../../src/service/workers/pool.ts';
import type { Connection, FromWorker, ToWorker } from '../../../src/service/workers/protocol.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock, type TestClock } from '../../support/clock.ts';

/** A worker that a test plays. It reads one message after the other, unless it is stalled, as a process does. */
export interface PlayedWorker {
  readonly pid: number;
  /** What it has read, and what waits for it to be read. */
  readonly heard: ToWorker[];
  readonly unread: ToWorker[];
  readonly say: (message: FromWorker) => void;
  readonly exit: (how: number | string) => void;
  /** Stops reading, as a process that gets no CPU. */
  readonly stall: () => void;
  readonly resume: () => void;
  /** It begins to answer, and to listen. */
  readonly listen: () => void;
  readonly isAlive: () => boolean;
  readonly isListening: () => boolean;
  /** Since when it is there, since when it listens, and since when it reads nothing; in milliseconds of the clock. */
  readonly startedAt: number;
  readonly listensSince: () => number | undefined;
  readonly stalledSince: () => number | undefined;
  readonly wasKilled: () => boolean;
}

/** What a test may want otherwise. */
export interface PlayedPoolOptions {
  readonly count?: number;
  /** Whether workers begin to listen when a test says so, rather than when they have their configuration. */
  readonly startByHand?: boolean;
  /** Whether workers have counted something, which takes its time. */
  readonly isCounting?: boolean;
  readonly isServing?: () => boolean;
  readonly flags?: readonly string[];
  /** Is called before a worker is killed. */
  readonly onKill?: (worker: PlayedWorker) => void;
}

/** Makes the pool. */
export async function createPlayedPool(options: PlayedPoolOptions = {}) {
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
  const workers: PlayedWorker[] = [];
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
      const { worker, port } = playWorker(
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
    /** Has the ports fail to open. */
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
    told: (message: string) => records.filter(({ msg }) => msg === message),
  };
}

function playWorker(
  pid: number,
  clock: TestClock,
  startByHand: boolean,
  report: () => Report | Promise<Report>,
  onKill: (worker: PlayedWorker) => void,
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
  const worker: PlayedWorker = {
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
      // As a process: what it is sent, it reads later.
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
