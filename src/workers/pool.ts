/** The check service of several processes: each answers checks on the same ports, this one owns the keys. */
import type { CheckAddresses, CheckService } from '../check-service.ts';
import type { DenyListEntry } from '../config/deny-list.ts';
import type { Config } from '../config/options.ts';
import type { RegisteredIssuer } from '../issuer/registry.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import { lastingSumOf, type Report, sumOf } from '../observe/reports.ts';
import type { Clock } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import type { ForkWorker, FromWorker, ToWorker, Worker } from './worker.ts';

/** What a pool needs. */
export interface WorkerPoolDependencies {
  readonly count: number;
  readonly initial: Config;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly isServing: () => boolean;
  readonly forkWorker: ForkWorker;
}

/** The time for a worker to listen, in milliseconds. */
const startTimeout = 30_000;

/** How often a worker is asked for what it has counted, and how long it may be silent until it is replaced. */
const reportInterval = 5_000;
const longestSilence = 20_000;

/** How long a scrape waits for a worker; then it takes what that one said before. */
const scrapeTimeout = 1_000;

/** The pause before a worker is replaced, in milliseconds: longer each time, until one has lived for a while. */
const backOff = { first: 100, longest: 30_000, forgottenAfter: 60_000 };

/** A place for a worker, and the one that has it. */
interface Place {
  worker: Worker | undefined;
  /** How many died in a row. */
  deaths: number;
  report: Report;
  heardAt: number;
  readonly answers: Map<number, (report: Report) => void>;
}

/** Makes a pool without workers. */
export function createWorkerPool(
  dependencies: WorkerPoolDependencies,
): CheckService<readonly RegisteredIssuer[]> {
  const { count, initial, metrics, logger, clock, random, isServing, forkWorker } = dependencies;
  const places = Array.from(
    { length: count },
    (): Place => ({ worker: undefined, deaths: 0, report: [], heardAt: 0, answers: new Map() }),
  );
  // What those that died had counted, in sum: a counter never goes back.
  let departed: Promise<Report> = Promise.resolve([]);
  let config = initial;
  let issuers: readonly RegisteredIssuer[] = [];
  let denyList: readonly DenyListEntry[] = [];
  let requests = 0;
  let isStopping = false;
  let stopLooking = () => {};

  const keys = () => issuers.map(({ identity, issuer }) => ({ identity, snapshot: issuer.snapshot() }));
  const configuration = (): ToWorker => ({
    kind: 'configuration',
    config,
    issuers: keys(),
    denyList,
    isServing: isServing(),
  });
  const tellAll = (message: ToWorker) => {
    for (const { worker } of places) worker?.send(message);
  };

  const fetchFor = async (worker: Worker, message: FromWorker & { kind: 'fetch' }) => {
    const owner = issuers.find(({ identity }) => identity === message.identity)?.issuer;
    const fetching = owner?.fetchForUnknownKey(message.keyId);
    await fetching;
    worker.send({ kind: 'fetched', request: message.request, wasDue: fetching !== undefined });
  };

  /** Starts a worker in a place; resolves when it listens. */
  const fill = (place: Place): Promise<CheckAddresses> => {
    const worker = forkWorker();
    const startedAt = clock.monotonic();
    const listening = Promise.withResolvers<CheckAddresses>();
    place.worker = worker;
    place.heardAt = startedAt;
    worker.onMessage((message) => {
      place.heardAt = clock.monotonic();
      switch (message.kind) {
        case 'listening':
          return listening.resolve(message.addresses);
        case 'failed':
          return listening.reject(new Error(message.message));
        case 'fetch':
          return void fetchFor(worker, message);
        case 'report':
          place.report = message.metrics;
          place.answers.get(message.request)?.(message.metrics);
          return undefined;
        default:
          return message satisfies never;
      }
    });
    worker.onExit((how) => {
      listening.reject(new Error(`a worker ended with ${how} before it listened`));
      leave(place, how, clock.monotonic() - startedAt);
    });
    worker.send(configuration());
    const cancel = clock.after(startTimeout, () => {
      listening.reject(new Error('a worker does not begin to listen'));
      worker.kill();
    });
    return listening.promise.finally(cancel);
  };

  const leave = (place: Place, how: number | string, lifetime: number) => {
    const pid = place.worker?.pid;
    place.worker = undefined;
    const { report } = place;
    departed = departed.then((before) => lastingSumOf([before, report]));
    place.report = [];
    for (const answer of place.answers.values()) answer([]);
    if (isStopping) return;
    place.deaths = lifetime > backOff.forgottenAfter ? 1 : place.deaths + 1;
    const pause = Math.min(backOff.longest, backOff.first * 2 ** (place.deaths - 1)) * (1 + random() / 2);
    logger.error({ pid, how, restartInMs: Math.round(pause) }, 'a worker ended; it will be replaced');
    clock.after(pause, () => {
      if (isStopping) return;
      metrics.workerRestarted();
      // How it ends is told where it ends.
      fill(place).catch(() => {});
    });
  };

  const reportOf = (place: Place): Promise<Report> => {
    const { worker, answers } = place;
    if (worker === undefined) return Promise.resolve([]);
    const request = requests++;
    const { promise, resolve } = Promise.withResolvers<Report>();
    answers.set(request, resolve);
    worker.send({ kind: 'report', request });
    return withDeadline(promise, scrapeTimeout, clock, () => place.report).finally(() =>
      answers.delete(request),
    );
  };
  const look = () => {
    for (const place of places) {
      void reportOf(place);
      if (place.worker === undefined || clock.monotonic() - place.heardAt <= longestSilence) continue;
      logger.error({ pid: place.worker.pid }, 'a worker is silent; it is ended');
      place.worker.kill();
    }
    stopLooking = clock.after(reportInterval, look);
  };

  return {
    take: (next, owners, revoked) => {
      [config, issuers, denyList] = [next, owners, revoked];
      tellAll(configuration());
    },
    start: async () => {
      const [first = {}] = await Promise.all(places.map(fill));
      stopLooking = clock.after(reportInterval, look);
      return first;
    },
    changed: () => tellAll({ kind: 'changed', issuers: keys(), isServing: isServing() }),
    stop: async () => {
      isStopping = true;
      stopLooking();
      const ended = places.map(({ worker }) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        if (worker === undefined) resolve();
        worker?.onExit(() => resolve());
        return promise;
      });
      tellAll({ kind: 'stop' });
      const all = Promise.all(ended).then(() => true);
      if (await withDeadline(all, config.shutdown.timeout, clock, () => false)) return;
      for (const { worker } of places) worker?.kill();
      await all;
    },
    scrape: async () => {
      const reports = await Promise.all(places.map(reportOf));
      return sumOf([await metrics.report(), ...reports, await departed]);
    },
    // Each worker counts its own.
    cacheEntries: () => 0,
    proofs: () => 0,
    workers: () => places.filter(({ worker }) => worker !== undefined).length,
  };
}
