/** The service: its issuers, listeners and reloads. Every object is created here, once. */
import type { Config } from '../config/declare/options.ts';
import { keysFileOf } from '../config/session/session-place.ts';
import { createIssuerRegistry } from '../issuer/registry.ts';
import { createMetrics } from '../observe/metrics.ts';
import { version } from '../runtime/version.ts';
import { createRejectionLog } from '../transport/shared/rejection-log.ts';
import { createAdmin } from './admin.ts';
import type { AppDependencies } from './app-dependencies.ts';
import type { CheckAddresses } from './check-service.ts';
import { createChecks } from './checks.ts';
import { configHash } from './config-hash.ts';
import { createDenyList } from './deny-list.ts';
import { createIssuerPlans } from './issuer-plans.ts';
import { warnOfRefreshes } from './refresh-warning.ts';
import { createReloadProblems } from './reload-problems.ts';
import { restartOptions } from './restart-options.ts';
import { createServiceRevocations } from './service-revocations.ts';
import { createServiceState } from './service-state.ts';
import { createSessionKeys } from './session-keys.ts';
import { createShadowWarnings } from './shadow-warnings.ts';

/** The service. */
export interface App {
  /** Binds every listener, then starts to fetch keys. Rejects if a listener cannot be bound. */
  readonly start: () => Promise<CheckAddresses>;
  /** Replaces the configuration for all later checks. */
  readonly reload: (next: Config) => Promise<void>;
  /** Reports that a new configuration is invalid. The current one stays in use. */
  readonly reloadFailed: (error: Error) => void;
  /** Drains and closes every listener within `shutdown.timeout`. */
  readonly stop: () => Promise<void>;
}

/** Creates the service. */
export function createApp(initial: Config, dependencies: AppDependencies): App {
  const { logger, clock, random, randomBytes } = dependencies;
  let config = initial;
  let loadedAt = clock.now();
  let addresses: CheckAddresses = {};
  let isDraining = false;
  let hasBeenReady = false;

  const registry = createIssuerRegistry(clock);
  const metrics = createMetrics(
    {
      cacheEntries: () => checks.cacheEntries(),
      proofs: () => checks.proofs(),
      sessions: () => checks.sessions(),
      workers: () => checks.workers(),
      issuers: () => registry.issuers().map(({ issuer }) => issuer.status()),
    },
    { version, node: process.versions.node },
  );
  const problems = createReloadProblems(initial, dependencies);
  const isServing = () => hasBeenReady && !isDraining;
  const reportRejected = createRejectionLog(logger, clock);
  const sessionKeys = createSessionKeys({
    ...dependencies,
    problems,
    metrics: metrics.logins,
    onChange: () => {
      checks.changed();
      revocations.keysChanged();
    },
  });
  const shared = { initial, metrics, logger, clock, random, randomBytes, isServing, reportRejected };
  const state = createServiceState({ ...dependencies, metrics });
  const checks = createChecks(
    {
      ...shared,
      files: dependencies.files,
      environment: dependencies.environment,
      sessionKeys: sessionKeys.current,
      sessionKeysText: sessionKeys.text,
      state,
      certificateReloaded: problems.certificateReloaded,
    },
    dependencies,
  );
  const onKeysChange = () => {
    hasBeenReady ||= registry.issuers().some(({ issuer }) => issuer.hasKeys());
    checks.changed();
  };
  const planIssuers = createIssuerPlans({ ...dependencies, metrics, problems, onKeysChange });
  const admin = createAdmin({
    ...shared,
    registry,
    problems,
    files: dependencies.files,
    checks,
    config: () => config,
    sessionKeys: sessionKeys.ids,
    state,
    revocations: () => revocations.of(config),
    loadedAt: () => loadedAt,
    addresses: () => addresses,
    isDraining: () => isDraining,
  });
  const revocations = createServiceRevocations({
    ...shared,
    state,
    sessionKeys: sessionKeys.current,
    problems,
    onChange: () => denyList.storeChanged(),
  });
  const denyList = createDenyList({
    files: dependencies.files,
    metrics,
    logger,
    problems,
    inStore: () => revocations.entries(config),
    take: (entries) => checks.take(config, registry.issuers(), entries),
    apply: (entries) => checks.denyListChanged(entries),
  });
  const shadowWarnings = createShadowWarnings(logger, metrics, clock);

  const apply = async (next: Config) => {
    const nextDenyList = await denyList.open(next);
    const startedAt = clock.monotonic();
    const [switchIssuers, waited = 0] = await Promise.all([
      registry.prepare(planIssuers(next)),
      // With several workers, this process needs the store too.
      state.prepare(next)?.then(() => clock.monotonic() - startedAt),
      checks.prepare(next),
    ]);
    if (isDraining) return nextDenyList.stop();
    sessionKeys.use(keysFileOf(next));
    await revocations.prepare(next, waited);
    if (isDraining) return nextDenyList.stop();
    denyList.follow(nextDenyList);
    switchIssuers();
    [config, loadedAt] = [next, clock.now()];
    denyList.use(nextDenyList.entries(), config);
    shadowWarnings.update(config);
    warnOfRefreshes(config, checks.workersWanted, logger);
    problems.configurationLoaded(config);
    metrics.configLoaded(configHash(next), clock.now() / 1000, next.keys.maxStale);
    onKeysChange();
  };

  return {
    start: async () => {
      // Before the listeners: without its issuers, the service would deny every token as `issuer_unknown`.
      await apply(config);
      addresses = await checks.start();
      addresses = { ...addresses, admin: await admin.start() };
      for (const [listener, address] of Object.entries(addresses))
        logger.info({ listener, ...address }, 'listening');
      return addresses;
    },
    reload: async (next) => {
      if (isDraining) return;
      const restart = restartOptions(config, next, state.opened());
      logger.level = next.log.level;
      await apply(next);
      if (isDraining) return;
      metrics.configReloaded(true);
      if (restart.length > 0)
        logger.warn({ options: restart }, 'these options have changed; restart to apply them');
      logger.info({ issuers: next.issuers.map(({ name }) => name) }, 'the configuration was reloaded');
    },
    reloadFailed: (error) => {
      metrics.configReloaded(false);
      problems.configurationFailed(error.message);
      logger.error(
        { problem: error.message },
        'the configuration was not reloaded; the previous one stays in use',
      );
    },
    stop: async () => {
      const { delay, timeout } = config.shutdown;
      isDraining = true;
      logger.info({ delayMs: delay, timeoutMs: timeout }, 'draining');
      checks.changed();
      await checks.stop();
      registry.stop();
      denyList.stop();
      revocations.stop();
      sessionKeys.stop();
      state.stop();
      shadowWarnings.stop();
      problems.stop();
      await admin.close(0);
      logger.info('drained');
    },
  };
}
