/** The check service of several processes: each answers checks on the same ports, this one owns the ports and the keys. */

import type { Config } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { RegisteredIssuer } from '../../issuer/registry.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Metrics } from '../../observe/metrics.ts';
import { lastingSumOf, type Report, sumOf } from '../../observe/worker-metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { sleep, withDeadline } from '../../runtime/time/deadline.ts';
import { onceAtATime } from '../../runtime/time/single-flight.ts';
import type { CheckService } from '../check-service.ts';
import { deathsInARow, pauseAfter } from './back-off.ts';
import { createLastResort } from './give-up.ts';
import { type Member, type MemberDependencies, startMember } from './member.ts';
import type { Doors } from './ports.ts';
import type { Connection, ForkWorker, StateMessage } from './protocol.ts';
import { createTurns } from './round-robin.ts';

/** What a pool needs. */
export interface WorkerPoolDependencies
  extends Pick<MemberDependencies, 'tellRejected' | 'certificateReloaded'> {
  readonly count: number;
  readonly initial: Config;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly isServing: () => boolean;
  readonly forkWorker: ForkWorker;
  readonly doors: Doors;
  /** Is told that no worker can be kept; the process is to end, so that whoever started it starts it anew. */
  readonly giveUp: (error: Error) => void;
}

/** How often a worker is asked for what it has counted, in milliseconds. */
const reportInterval = 5_000;

/** How long a worker may leave that unanswered, or say nothing while it starts, until another is started beside it. */
const longestSilence = { listening: 20_000, starting: 60_000 };

/** The least time from the start of one that is started beside another to the next, in milliseconds. */
const successorInterval = 30_000;

/** How long a start may last when others listen already, in milliseconds: then the service goes on without it. */
const startTimeout = 30_000;

/** How long a scrape waits for a worker, in milliseconds; then it takes what that one said before. */
const scrapeTimeout = 1_000;

/** The most connections that wait for a worker. */
const maxWaitingConnections = 1_024;

/** How long the last connections have to reach a worker, and a worker that is killed to end, in milliseconds. */
const lastMoment = 1_000;

/** A place for a worker, and the one that has it. */
interface Place {
  member: Member | undefined;
  /** Started beside one that is silent, to take its place if it listens sooner than that one answers. */
  successor: Member | undefined;
  /** How many died in a row. */
  deaths: number;
  /** Ends the pause before the next start; undefined if there is none. */
  cancelStart: (() => void) | undefined;
}

/** Makes a pool without workers. */
export function createWorkerPool(
  dependencies: WorkerPoolDependencies,
): CheckService<readonly RegisteredIssuer[]> {
  const { count, initial, metrics, logger, clock, random, isServing, forkWorker, doors, giveUp } =
    dependencies;
  const places = Array.from(
    { length: count },
    (): Place => ({ member: undefined, successor: undefined, deaths: 0, cancelStart: undefined }),
  );
  const lives = new Map<Member, { readonly end: PromiseWithResolvers<void>; readonly beganAt: number }>();
  const started = Promise.withResolvers<void>();
  // What those that died had counted, in sum: a counter never goes back.
  let departed: Promise<Report> = Promise.resolve([]);
  let config = initial;
  let issuers: readonly RegisteredIssuer[] = [];
  let denyList: readonly DenyListEntry[] = [];
  let hasStarted = false;
  let isStopping = false;
  let stopLooking = () => {};
  const lastResort = createLastResort();
  /** When the last successor was started. */
  let succeededAt = Number.NEGATIVE_INFINITY;

  const turns = createTurns<Member, Connection>({
    maxWaiting: maxWaitingConnections,
    hand: (member, connection) => member.hand(connection),
    letGo: ({ socket }) => void socket.destroy(),
  });
  const members = () => [...lives.keys()];
  const listening = () => members().filter((member) => member.isListening());
  const state = (kind: StateMessage['kind']): StateMessage => {
    const keys = issuers.map(({ identity, issuer }) => ({ identity, snapshot: issuer.snapshot() }));
    return kind === 'configuration'
      ? { kind, config, issuers: keys, denyList, isServing: isServing() }
      : { kind, issuers: keys, isServing: isServing() };
  };

  const placeOf = (one: Member) => places.find((place) => [place.member, place.successor].includes(one));
  const begin = (): Member => {
    const member = startMember({
      forkWorker,
      clock,
      issuers: () => issuers,
      state,
      onListening: listens,
      onFailed: ({ pid }, problem) => {
        logger.error({ pid, problem }, 'a worker cannot begin');
        started.reject(new Error(problem));
      },
      onAccepted: turns.isFree,
      onExit: leave,
      tellRejected: dependencies.tellRejected,
      certificateReloaded: dependencies.certificateReloaded,
    });
    lives.set(member, { end: Promise.withResolvers(), beganAt: lastResort.awakeFor() });
    return member;
  };
  const listens = (member: Member) => {
    const place = placeOf(member);
    lastResort.listens();
    // Behind the next round of input: the answer of the one that it was started beside may be waiting to be read.
    if (place?.successor === member) setImmediate(() => succeed(place, member));
    else turns.isFree(member);
    if (listening().length >= count) started.resolve();
  };
  const succeed = (place: Place, successor: Member) => {
    const { member } = place;
    if (isStopping || place.successor !== successor || member === undefined) return;
    if (!isSilent(member)) return keep(member, place);
    logger.error({ pid: member.pid }, 'a worker is silent; another has taken its place');
    metrics.workerRestarted();
    [place.member, place.successor] = [successor, undefined];
    turns.isFree(successor);
    if (member.isListening()) member.kill();
    else spare(member);
  };
  const keep = (member: Member, place: Place) => {
    logger.warn({ pid: member.pid }, 'a silent worker answers again; it stays');
    const { successor } = place;
    place.successor = undefined;
    if (successor !== undefined) spare(successor);
  };
  /** Finds another place for one that has none, or ends it. */
  const spare = (member: Member) => {
    const empty = places.find((place) => place.member === undefined);
    if (empty === undefined) return member.kill();
    empty.cancelStart?.();
    [empty.member, empty.cancelStart] = [member, undefined];
    metrics.workerRestarted();
    if (member.isListening()) turns.isFree(member);
  };
  const leave = (member: Member, how: number | string) => {
    const place = placeOf(member);
    lives.get(member)?.end.resolve();
    lives.delete(member);
    turns.isGone(member);
    departed = departed.then((before) => lastingSumOf([before, member.counted()]).catch(() => before));
    if (place?.successor === member) {
      place.successor = undefined;
      logger.error({ pid: member.pid, how }, 'a worker that was started beside a silent one ended');
    }
    if (isStopping || place?.member !== member) return;
    [place.member, place.successor] = [place.successor, undefined];
    lastResort.died();
    place.deaths = deathsInARow(place.deaths, clock.monotonic() - member.startedAt);
    const { pid } = member;
    if (place.member !== undefined) {
      metrics.workerRestarted();
      if (place.member.isListening()) turns.isFree(place.member);
      logger.error({ pid, how }, 'a worker ended; another has been started already');
    } else {
      const restartInMs = Math.round(startSoon(place));
      logger.error({ pid, how, restartInMs }, 'a worker ended; it will be replaced');
    }
    if (listening().length > 0) return;
    if (member.isListening()) lastResort.noneListens();
    for (const other of places) if (other.cancelStart !== undefined) startSoon(other);
    giveUpWhereNoneCanBeKept();
  };
  /** @returns the pause until then, in milliseconds */
  const startSoon = (place: Place): number => {
    const pause = pauseAfter(place.deaths, listening().length > 0, random());
    place.cancelStart?.();
    place.cancelStart = clock.after(pause, () => {
      place.cancelStart = undefined;
      if (isStopping) return;
      metrics.workerRestarted();
      place.member = begin();
    });
    return pause;
  };
  const giveUpWhereNoneCanBeKept = () => {
    if (isStopping || listening().length > 0) return;
    const error = lastResort.reason(hasStarted);
    if (error === undefined) return;
    if (!hasStarted) return started.reject(error);
    isStopping = true;
    giveUp(error);
  };

  const ask = async (member: Member) => {
    const handed = turns.handedTo(member);
    await member.report();
    // Whoever answers a later question has not got the connection: it had no file descriptor left for it.
    if (handed !== undefined) turns.isLost(member, handed);
  };
  const look = () => {
    lastResort.looked(reportInterval);
    for (const member of members()) void ask(member);
    // Judged behind the next round of input: after a stall of our own, answers are waiting to be read.
    setImmediate(() => {
      if (isStopping) return;
      giveUpWhereNoneCanBeKept();
      for (const place of places) judge(place);
      for (const [member, { beganAt }] of lives)
        if (!member.isListening() && lastResort.isHopeless(beganAt)) member.kill();
    });
    stopLooking = clock.after(reportInterval, look);
  };
  const isSilent = (member: Member) =>
    member.silence() > (member.isListening() ? longestSilence.listening : longestSilence.starting);
  const judge = (place: Place) => {
    const { member } = place;
    if (member === undefined) return;
    if (place.successor !== undefined) return isSilent(member) ? undefined : keep(member, place);
    const isDue = clock.monotonic() - succeededAt > successorInterval;
    if (isDue && isSilent(member) && places.every((other) => other.successor === undefined)) {
      succeededAt = clock.monotonic();
      // Where CPU is short, a start takes as long as an answer: only one that is quicker ends the other.
      logger.warn({ pid: member.pid }, 'a worker is silent; another is started beside it');
      place.successor = begin();
    }
  };

  const scrape = onceAtATime(async () => {
    const hear = ({ report }: Member) => withDeadline(report(), scrapeTimeout, clock, () => undefined);
    await Promise.all(members().map(hear));
    const own = await metrics.report();
    // In one go: whoever ends goes from those that are there to those that have departed.
    const counted = members().map((member) => member.counted());
    return sumOf([own, ...counted, await departed]);
  });

  const closeInOrder = async () => {
    await sleep(config.shutdown.delay, clock);
    await doors.close();
    await withDeadline(turns.allTaken(), lastMoment, clock, () => undefined);
    turns.end();
    for (const member of members()) member.send({ kind: 'close' });
    await allEnded();
    return true;
  };
  const allEnded = () => Promise.all([...lives.values()].map(({ end }) => end.promise));

  return {
    take: (next, owners, revoked) => {
      [config, issuers, denyList] = [next, owners, revoked];
      for (const member of members()) member.isOutdated('configuration');
    },
    start: async () => {
      const addresses = await doors.open(turns.arrived);
      for (const place of places) place.member = begin();
      stopLooking = clock.after(reportInterval, look);
      const cancel = clock.after(startTimeout, () => {
        if (listening().length > 0) started.resolve();
      });
      await started.promise.finally(cancel);
      hasStarted = true;
      return addresses;
    },
    changed: () => {
      for (const member of members()) member.isOutdated('changed');
    },
    stop: async () => {
      isStopping = true;
      stopLooking();
      for (const { cancelStart } of places) cancelStart?.();
      for (const member of members())
        if (member.isListening()) member.send({ kind: 'drain' });
        else member.kill();
      if (await withDeadline(closeInOrder(), config.shutdown.timeout, clock, () => false)) return;
      for (const member of members()) member.kill();
      await withDeadline(allEnded(), lastMoment, clock, () => []);
    },
    scrape,
    // Each worker counts its own.
    cacheEntries: () => 0,
    proofs: () => 0,
    workers: () => listening().length,
  };
}
