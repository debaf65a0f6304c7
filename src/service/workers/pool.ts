/** The check service of several processes. The workers answer checks on the same ports. This process owns the ports and the keys. */

import type { Config } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { RegisteredIssuer } from '../../issuer/registry.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { sleep, withDeadline } from '../../runtime/time/deadline.ts';
import type { CheckService } from '../check-service.ts';
import { createAskWorkers } from './ask-workers.ts';
import { exitsInARow, pauseAfter } from './back-off.ts';
import { createGiveUp } from './give-up.ts';
import { type Member, type MemberDependencies, startMember } from './member.ts';
import type { CheckPorts } from './ports.ts';
import type { Connection, ForkWorker, StateMessage } from './protocol.ts';
import { createRoundRobin } from './round-robin.ts';
import { createSlot, type Slot } from './slot.ts';
import { stateMessage } from './state-message.ts';
import { createWorkerReports } from './worker-reports.ts';

/** The dependencies of a pool. */
export interface WorkerPoolDependencies
  extends Pick<MemberDependencies, 'reportRejected' | 'certificateReloaded'> {
  readonly count: number;
  readonly initial: Config;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly isServing: () => boolean;
  readonly forkWorker: ForkWorker;
  readonly ports: CheckPorts;
  /** The text of `sessions.keysFile`, or empty. */
  readonly sessionKeysText: () => string;
  /** Called when no worker keeps running. The process must exit, so that its supervisor restarts it. */
  readonly giveUp: (error: Error) => void;
}

/** How often the pool requests a report from each worker, in milliseconds. */
const reportInterval = 5_000;

/**
 * The silence of a worker after which its replacement starts, in milliseconds: without an answer to a report request, or,
 * while the worker starts, without a message.
 */
const maxSilence = { listening: 20_000, starting: 60_000 };

/** Minimum time between the starts of two replacements, in milliseconds. */
const replacementInterval = 30_000;

/** How long the start of the service waits for all workers if at least one listens, in milliseconds. */
const startTimeout = 30_000;

/** Maximum number of connections that wait for a worker. */
const maxWaitingConnections = 1_024;

/** How long shutdown waits for the last connections to reach a worker, and for killed workers to exit, in milliseconds. */
const closeTimeout = 1_000;

/** Creates a pool without workers. */
export function createWorkerPool(
  dependencies: WorkerPoolDependencies,
): CheckService<readonly RegisteredIssuer[]> {
  const { count, initial, metrics, logger, clock, random, isServing } = dependencies;
  const { forkWorker, ports, giveUp, sessionKeysText } = dependencies;
  const slots = Array.from({ length: count }, createSlot);
  const running = new Map<
    Member,
    { readonly exited: PromiseWithResolvers<void>; readonly startedAt: number }
  >();
  const started = Promise.withResolvers<void>();
  let config = initial;
  let issuers: readonly RegisteredIssuer[] = [];
  let denyList: readonly DenyListEntry[] = [];
  let hasStarted = false;
  let isStopping = false;
  let cancelTick = () => {};
  const history = createGiveUp();
  let lastReplacementAt = Number.NEGATIVE_INFINITY;

  const connections = createRoundRobin<Member, Connection>({
    maxWaiting: maxWaitingConnections,
    hand: (member, connection) => member.hand(connection),
    close: ({ socket }) => void socket.destroy(),
  });
  const members = () => [...running.keys()];
  const listening = () => members().filter((member) => member.isListening());
  const reports = createWorkerReports(members, metrics, clock);
  const state = (kind: StateMessage['kind']) =>
    stateMessage(kind, { config, issuers, denyList, sessionKeys: sessionKeysText(), isServing: isServing() });

  const slotOf = (member: Member) => slots.find((slot) => [slot.member, slot.replacement].includes(member));
  const startWorker = (): Member => {
    const member = startMember({
      forkWorker,
      clock,
      issuers: () => issuers,
      state,
      onListening: listens,
      onFailed: ({ pid }, problem) => {
        logger.error({ pid, problem }, 'a worker cannot start');
        started.reject(new Error(problem));
      },
      onAccepted: connections.workerFree,
      onExit: exited,
      reportRejected: dependencies.reportRejected,
      certificateReloaded: dependencies.certificateReloaded,
    });
    running.set(member, { exited: Promise.withResolvers(), startedAt: history.elapsed() });
    return member;
  };
  const listens = (member: Member) => {
    const slot = slotOf(member);
    history.listens();
    // The answer of the silent worker may already be in the next input of the event loop.
    if (slot?.replacement === member) setImmediate(() => useReplacement(slot, member));
    else connections.workerFree(member);
    if (listening().length >= count) started.resolve();
  };
  const useReplacement = (slot: Slot, replacement: Member) => {
    const { member } = slot;
    if (isStopping || slot.replacement !== replacement || member === undefined) return;
    if (!isSilent(member)) return keepMember(member, slot);
    logger.error({ pid: member.pid }, 'a worker does not respond; another worker has replaced it');
    metrics.workerRestarted();
    [slot.member, slot.replacement] = [replacement, undefined];
    connections.workerFree(replacement);
    if (member.isListening()) member.kill();
    else moveOrKill(member);
  };
  const keepMember = (member: Member, slot: Slot) => {
    logger.warn({ pid: member.pid }, 'a worker responds again; it is not replaced');
    const { replacement } = slot;
    slot.replacement = undefined;
    if (replacement !== undefined) moveOrKill(replacement);
  };
  /** Moves a surplus worker to an empty slot, or kills it if there is none. */
  const moveOrKill = (member: Member) => {
    const empty = slots.find((slot) => slot.member === undefined);
    if (empty === undefined) return member.kill();
    empty.cancelStart?.();
    [empty.member, empty.cancelStart] = [member, undefined];
    metrics.workerRestarted();
    if (member.isListening()) connections.workerFree(member);
  };
  const exited = (member: Member, how: number | string) => {
    const slot = slotOf(member);
    running.get(member)?.exited.resolve();
    running.delete(member);
    connections.workerExited(member);
    reports.workerExited(member);
    if (slot?.replacement === member) {
      slot.replacement = undefined;
      logger.error({ pid: member.pid, how }, 'the replacement of a worker that does not respond exited');
    }
    if (isStopping || slot?.member !== member) return;
    [slot.member, slot.replacement] = [slot.replacement, undefined];
    history.workerExited();
    slot.exits = exitsInARow(slot.exits, clock.monotonic() - member.startedAt);
    const { pid } = member;
    if (slot.member !== undefined) {
      metrics.workerRestarted();
      if (slot.member.isListening()) connections.workerFree(slot.member);
      logger.error({ pid, how }, 'a worker exited; its replacement has already started');
    } else {
      const restartInMs = Math.round(startAfterPause(slot));
      logger.error({ pid, how, restartInMs }, 'a worker exited and is replaced');
    }
    if (listening().length > 0) return;
    if (member.isListening()) history.lastListenerExited();
    for (const other of slots) if (other.cancelStart !== undefined) startAfterPause(other);
    giveUpIfNeeded();
  };
  /** @returns the pause in milliseconds */
  const startAfterPause = (slot: Slot): number => {
    const pause = pauseAfter(slot.exits, listening().length > 0, random());
    slot.cancelStart?.();
    slot.cancelStart = clock.after(pause, () => {
      slot.cancelStart = undefined;
      if (isStopping) return;
      metrics.workerRestarted();
      slot.member = startWorker();
    });
    return pause;
  };
  const giveUpIfNeeded = () => {
    if (isStopping || listening().length > 0) return;
    const error = history.reason(hasStarted);
    if (error === undefined) return;
    if (!hasStarted) return started.reject(error);
    isStopping = true;
    giveUp(error);
  };

  const requestReport = async (member: Member) => {
    const handed = connections.unacknowledgedOf(member);
    await member.report();
    // A worker that answers a later request did not get the connection: it had no free file descriptor.
    if (handed !== undefined) connections.connectionLost(member, handed);
  };
  const tick = () => {
    history.tick(reportInterval);
    for (const member of members()) void requestReport(member);
    // If this process was stalled, answers are in the next input of the event loop.
    setImmediate(() => {
      if (isStopping) return;
      giveUpIfNeeded();
      for (const slot of slots) replaceIfSilent(slot);
      for (const [member, { startedAt }] of running)
        if (!member.isListening() && history.isOverdue(startedAt)) member.kill();
    });
    cancelTick = clock.after(reportInterval, tick);
  };
  const isSilent = (member: Member) =>
    member.silence() > (member.isListening() ? maxSilence.listening : maxSilence.starting);
  const replaceIfSilent = (slot: Slot) => {
    const { member } = slot;
    if (member === undefined) return;
    if (slot.replacement !== undefined) return isSilent(member) ? undefined : keepMember(member, slot);
    const isDue = clock.monotonic() - lastReplacementAt > replacementInterval;
    if (isDue && isSilent(member) && slots.every((other) => other.replacement === undefined)) {
      lastReplacementAt = clock.monotonic();
      // The silent worker is not killed yet: if CPU time is scarce, a new worker starts as slowly as the old one answers.
      logger.warn({ pid: member.pid }, 'a worker does not respond; a replacement is started');
      slot.replacement = startWorker();
    }
  };

  const closeInOrder = async () => {
    await sleep(config.shutdown.delay, clock);
    await ports.close();
    await withDeadline(connections.allAcknowledged(), closeTimeout, clock, () => undefined);
    connections.end();
    for (const member of members()) member.send({ kind: 'close' });
    await allExited();
    return true;
  };
  const allExited = () => Promise.all([...running.values()].map((worker) => worker.exited.promise));

  return {
    // Each worker loads its own code.
    prepare: () => undefined,
    take: (next, owners, nextDenyList) => {
      [config, issuers, denyList] = [next, owners, nextDenyList];
      for (const member of members()) member.stateChanged('configuration');
    },
    denyListChanged: (next) => {
      denyList = next;
      for (const member of members()) member.stateChanged('denyList');
    },
    start: async () => {
      const addresses = await ports.open(connections.add);
      for (const slot of slots) slot.member = startWorker();
      cancelTick = clock.after(reportInterval, tick);
      const cancel = clock.after(startTimeout, () => {
        if (listening().length > 0) started.resolve();
      });
      await started.promise.finally(cancel);
      hasStarted = true;
      return addresses;
    },
    changed: () => {
      for (const member of members()) member.stateChanged('changed');
    },
    stop: async () => {
      isStopping = true;
      cancelTick();
      for (const { cancelStart } of slots) cancelStart?.();
      for (const member of members())
        if (member.isListening()) member.send({ kind: 'drain' });
        else member.kill();
      if (await withDeadline(closeInOrder(), config.shutdown.timeout, clock, () => false)) return;
      for (const member of members()) member.kill();
      await withDeadline(allExited(), closeTimeout, clock, () => []);
    },
    scrape: reports.scrape,
    report: reports.report,
    ask: createAskWorkers(listening),
    // Each worker reports its own numbers.
    cacheEntries: () => 0,
    proofs: () => 0,
    sessions: () => 0,
    workers: () => listening().length,
    workersWanted: count,
  };
}
