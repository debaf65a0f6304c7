/** The deny list in the store, for the service. Its code is loaded only with `denyList.store`. */
import type { Config } from '../config/declare/options.ts';
import type { DenyListEntry } from '../config/load/deny-list.ts';
import type { SessionKey } from '../config/session/session-keys.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { ReloadProblems } from './reload-problems.ts';
import type { Revocations } from './revocations/revocations.ts';
import type { ServiceState } from './service-state.ts';

/** The deny list in the store. */
export interface ServiceRevocations {
  /**
   * Loads the list if the configuration needs it, and waits until it was read, but not long. Call it when the store and the keys are
   * there, before the first check.
   *
   * @param waited how long this process has already waited for the store, in milliseconds
   */
  readonly prepare: (config: Config, waited?: number) => Promise<void> | undefined;
  /** Undefined without `denyList.store`. */
  readonly of: (config: Config) => Revocations | undefined;
  readonly entries: (config: Config) => readonly DenyListEntry[];
  readonly keysChanged: () => void;
  readonly stop: () => void;
}

/** The dependencies. */
export interface ServiceRevocationsDependencies {
  readonly state: Pick<ServiceState, 'store'>;
  readonly sessionKeys: () => readonly SessionKey[];
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'makers'>;
  readonly problems: Pick<ReloadProblems, 'revocationsRead'>;
  /** Called when the entries have changed. */
  readonly onChange: () => void;
}

/** How long the first use waits for the store and the list, in milliseconds. Without the list, a new replica would allow revoked tokens. */
const longestWait = 2_000;

/** Creates it. Nothing is loaded yet. */
export function createServiceRevocations(dependencies: ServiceRevocationsDependencies): ServiceRevocations {
  const { state, sessionKeys, clock, randomBytes, logger, metrics, problems, onChange } = dependencies;
  let revocations: Revocations | undefined;

  const open = async (config: Config, waited: number) => {
    const store = state.store(config);
    if (store === undefined) throw new TypeError('denyList.store needs a store');
    const { createRevocations } = await import('./revocations/revocations.ts');
    const { createRevocationMetrics } = await import('../observe/fleet-metrics.ts');
    revocations ??= createRevocations({
      store,
      keys: sessionKeys,
      clock,
      randomBytes,
      logger,
      createCount: (age) => createRevocationMetrics(metrics.makers, age),
      onProblem: problems.revocationsRead,
      onChange,
    });
    await revocations.ready(Math.max(0, longestWait - waited));
  };
  const of = ({ denyList }: Config) => (denyList.store ? revocations : undefined);
  return {
    prepare: (config, waited = 0) =>
      !config.denyList.store || revocations !== undefined ? undefined : open(config, waited),
    of,
    entries: (config) => of(config)?.entries() ?? [],
    keysChanged: () => revocations?.keysChanged(),
    stop: () => revocations?.stop(),
  };
}
