/** The service: every object is built here, once, in the order in which it is needed. */
import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Config } from '../config/declare/options.ts';
import type { DenyListEntry } from '../config/load/deny-list.ts';
import { entriesRemoved, type FollowedDenyList, followDenyList } from '../config/load/follow-deny-list.ts';
import { isTried } from '../config/rules/rule-problems.ts';
import { type OwnerEvents, planIssuer } from '../issuer/issuer-plan.ts';
import { createIssuerRegistry, type RegisteredIssuer } from '../issuer/registry.ts';
import { createIssuerEvents } from '../observe/issuer-events.ts';
import type { Logger } from '../observe/logger.ts';
import { createMetrics } from '../observe/metrics.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { version } from '../runtime/version.ts';
import { createFailedReloads } from '../transport/admin/failed-reloads.ts';
import type { Readiness } from '../transport/admin/readiness.ts';
import { createAdminServer } from '../transport/admin/server.ts';
import type { Listener } from '../transport/shared/listener.ts';
import { createRejectionLog } from '../transport/shared/rejection-log.ts';
import { createTlsEvents } from '../transport/shared/tls-events.ts';
import { type CheckAddresses, type CheckService, createCheckService } from './check-service.ts';
import { createWorkerPool } from './workers/pool.ts';
import { createDoors } from './workers/ports.ts';
import type { ForkWorker } from './workers/protocol.ts';

/** What the service needs of the process it runs in. */
export interface Surroundings {
  readonly logger: Logger;
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly files: FollowedFiles;
  /** The configuration file, where there is one. */
  readonly configFile?: string | undefined;
  /** Starts another process that answers checks; asked for where there shall be several. */
  readonly forkWorker: ForkWorker;
  /** Is told that no such process can be kept, so that nothing answers checks; the process is to end. */
  readonly giveUp: (error: Error) => void;
}

/** The service. */
export interface App {
  /** Binds every listener, then begins to fetch keys; rejects where a listener cannot be bound. */
  readonly start: () => Promise<CheckAddresses>;
  /** Takes another configuration, at once for all checks to come. */
  readonly reload: (next: Config) => Promise<void>;
  /** Notes that a configuration could not be taken; the one in use goes on. */
  readonly reloadFailed: (error: Error) => void;
  /** Drains and ends, within `shutdown.timeout`. */
  readonly stop: () => Promise<void>;
}

/** How often the log says that rules are only tried, in milliseconds. */
const trialWarningInterval = 60_000;

/** Makes the service. */
export function createApp(initial: Config, surroundings: Surroundings): App {
  const { logger, clock, random, forkWorker, giveUp, configFile } = surroundings;
  const configFiles = configFile === undefined ? [] : [configFile];
  let config = initial;
  let isDraining = false;
  let hasBeenReady = false;
  let stopWarning = () => {};
  let revoked: readonly DenyListEntry[] = [];
  const failedReloads = createFailedReloads(clock, ({ what, files, problem, since }) =>
    logger.error(
      { what, files, problem, since: new Date(since).toISOString() },
      `the ${what} was not reloaded; the one in use goes on`,
    ),
  );
  let followed: FollowedDenyList = { entries: () => [], stop: () => {} };

  const registry = createIssuerRegistry(clock);
  const metrics = createMetrics(
    {
      cacheEntries: () => checks.cacheEntries(),
      proofs: () => checks.proofs(),
      workers: () => checks.workers(),
      issuers: () => registry.issuers().map(({ issuer }) => issuer.status()),
    },
    { version, node: process.versions.node },
  );
  const isServing = () => hasBeenReady && !isDraining;
  const tellRejected = createRejectionLog(logger, clock);
  const certificateReloaded = (listener: Listener['name'], problem: string | undefined) => {
    const tls = initial[listener].tls;
    if (tls === undefined) return;
    const files = [tls.certFile, tls.keyFile, tls.clientCaFile].filter((file) => file !== undefined);
    if (problem === undefined) failedReloads.succeeded('certificate', files);
    else failedReloads.failed('certificate', files, problem);
  };
  const dependencies = { initial, metrics, logger, clock, isServing, tellRejected, certificateReloaded };
  const count = initial.workers === 'auto' ? availableParallelism() : initial.workers;
  metrics.workersWanted(count);
  const checks: CheckService<readonly RegisteredIssuer[]> =
    count === 1
      ? createCheckService(dependencies)
      : createWorkerPool({
          ...dependencies,
          count,
          random,
          forkWorker,
          giveUp,
          doors: createDoors(initial, clock),
        });
  const readiness = (): Readiness => ({
    ready: isServing() && checks.workers() > 0,
    draining: isDraining,
    issuers: registry.issuers().map(({ issuer }) => issuer.status()),
    problems: failedReloads.problems(),
    shadow: {
      tried: isTried(config),
      authorizer: config.shadow.authorizer === '' ? undefined : config.shadow.authorizer,
    },
  });

  const keysChanged = () => {
    hasBeenReady ||= registry.issuers().some(({ issuer }) => issuer.hasKeys());
    checks.changed();
  };
  const eventsOf = (name: string, caFiles: readonly string[]): OwnerEvents => {
    const events = createIssuerEvents(name, logger, metrics, keysChanged);
    return {
      ...events,
      onTrustReload: (error) => {
        events.onTrustReload(error);
        if (error === undefined) failedReloads.succeeded('caFile', caFiles);
        else failedReloads.failed('caFile', caFiles, error.message);
      },
    };
  };
  const plan = (next: Config) =>
    next.issuers.map((issuer) => planIssuer(issuer, next, { ...surroundings, eventsOf }));
  const tellTlsReload = createTlsEvents('admin', logger, metrics);

  const admin = createAdminServer({
    options: config.admin,
    readiness,
    metrics: { contentType: metrics.contentType, scrape: checks.scrape },
    clock,
    onTlsReload: (error) => {
      tellTlsReload(error);
      certificateReloaded('admin', error?.message);
    },
    onRejected: (cause) => {
      metrics.connectionRejected('admin', cause);
      tellRejected('admin', cause, 1);
    },
  });

  const filesOfDenyList = () => (config.denyList.file === undefined ? [] : [config.denyList.file]);
  const revoke = (denyList: readonly DenyListEntry[]) => {
    const removed = entriesRemoved(revoked, denyList);
    if (removed > 0) {
      metrics.denyListShrank(removed);
      logger.warn(
        { removed, before: revoked.length, entries: denyList.length },
        'the deny list no longer has entries that it had; what they revoked is good again',
      );
    }
    revoked = denyList;
    failedReloads.succeeded('deny list', filesOfDenyList());
    checks.take(config, registry.issuers(), denyList);
    metrics.denyListTaken(denyList.length);
    const strangers = new Set(denyList.map(({ issuer }) => issuer)).difference(
      new Set(config.issuers.map(({ issuer }) => issuer)),
    );
    if (strangers.size > 0)
      logger.warn({ issuers: [...strangers] }, 'the deny list names issuers that are not configured');
  };
  const denyListChanged = (change: readonly DenyListEntry[] | Error) => {
    metrics.denyListReloaded(!(change instanceof Error));
    if (change instanceof Error) {
      failedReloads.failed('deny list', filesOfDenyList(), change.message);
      logger.error({ problem: change.message }, 'the deny list was not reloaded; the one in use goes on');
      return;
    }
    revoke(change);
    logger.info({ entries: change.length }, 'the deny list was reloaded');
  };
  const warnOfTrial = () => {
    stopWarning();
    const isSo = isTried(config);
    metrics.rulesAreTried(isSo);
    if (!isSo) return;
    logger.warn('checks are only tried (mode: shadow): what would be refused passes');
    stopWarning = clock.after(trialWarningInterval, warnOfTrial);
  };
  const tellWhoDecides = () => {
    const { authorizer } = config.shadow;
    metrics.anotherDecides(authorizer !== '');
    if (authorizer !== '')
      logger.warn(
        { authorizer },
        'another authorizer decides (shadow.authorizer); our own decisions are only compared',
      );
  };
  const take = async (next: Config) => {
    const denyList = followDenyList(next.denyList.file, {
      files: surroundings.files,
      onChange: (change) => {
        if (denyList === followed) denyListChanged(change);
      },
    });
    const putInPlace = await registry.prepare(plan(next));
    if (isDraining) return denyList.stop();
    followed.stop();
    followed = denyList;
    putInPlace();
    config = next;
    revoke(denyList.entries());
    warnOfTrial();
    tellWhoDecides();
    failedReloads.succeeded('configuration', configFiles);
    failedReloads.keepOnly('deny list', [filesOfDenyList()]);
    failedReloads.keepOnly(
      'caFile',
      next.issuers.map(({ caFile = [] }) => [caFile].flat()),
    );
    metrics.configLoaded(
      hash('sha256', JSON.stringify(next)).slice(0, 16),
      clock.now() / 1000,
      next.keys.maxStale,
    );
    keysChanged();
  };

  return {
    start: async () => {
      // Before anything is asked: without its issuers, it would call every token one of an unknown issuer.
      await take(config);
      const addresses: CheckAddresses = { ...(await checks.start()), admin: await admin.start() };
      for (const [listener, address] of Object.entries(addresses))
        logger.info({ listener, ...address }, 'listening');
      return addresses;
    },
    reload: async (next) => {
      if (isDraining) return;
      const restart = needsRestart(config, next);
      logger.level = next.log.level;
      await take(next);
      if (isDraining) return;
      metrics.configReloaded(true);
      if (restart.length > 0)
        logger.warn({ options: restart }, 'these options have changed, and change only with a restart');
      logger.info({ issuers: next.issuers.map(({ name }) => name) }, 'the configuration was reloaded');
    },
    reloadFailed: (error) => {
      metrics.configReloaded(false);
      failedReloads.failed('configuration', configFiles, error.message);
      logger.error({ problem: error.message }, 'the configuration was not reloaded; the one in use goes on');
    },
    stop: async () => {
      const { delay, timeout } = config.shutdown;
      isDraining = true;
      logger.info({ delayMs: delay, timeoutMs: timeout }, 'draining');
      checks.changed();
      await checks.stop();
      registry.stop();
      followed.stop();
      stopWarning();
      failedReloads.stop();
      await admin.close(0);
      logger.info('drained');
    },
  };
}

/** What a running process cannot change. */
function needsRestart(before: Config, after: Config): string[] {
  const fixed = (config: Config) => ({
    workers: config.workers,
    http: config.http,
    grpc: config.grpc,
    admin: config.admin,
    'log.format': config.log.format,
    'limits.maxGrpcMessageSize': config.limits.maxGrpcMessageSize,
    'limits.maxGrpcBodySize': config.limits.maxGrpcBodySize,
  });
  const [old, next] = [fixed(before), fixed(after)];
  return Object.keys(old).filter((name) => {
    const key = name as keyof typeof old;
    return JSON.stringify(old[key]) !== JSON.stringify(next[key]);
  });
}
