/** The store of a process. Its code is loaded only if `state` is configured. */
import type { Config } from '../config/declare/options.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { StateStore } from '../state/state-store.ts';
import type { createValkeyStore, ValkeyStoreDependencies } from '../state/valkey/create-valkey-store.ts';

/** The store of a process. It outlives a change of the configuration. */
export interface ServiceState {
  /**
   * Creates the store that a configuration needs, and waits for its connection, but not long: a store that is away must not stop the
   * service. Undefined if there is nothing to do. Call it before `store`.
   */
  readonly prepare: (config: Config) => Promise<void> | undefined;
  /** The store; undefined if the configuration has none. */
  readonly store: (config: Config) => StateStore | undefined;
  /** The options of the store that was opened. It stays open until the end of the process; undefined if there is none. */
  readonly opened: () => StoreOptions | undefined;
  readonly stop: () => void;
}

/** `state.valkey`. */
type StoreOptions = NonNullable<Config['state']>['valkey'];

/** The dependencies. */
export interface ServiceStateDependencies {
  readonly files: FollowedFiles;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Returns a number from 0 to 1, for jitter. */
  readonly random: () => number;
  /** Creates the store; Valkey's by default. */
  readonly openStore?: ((dependencies: ValkeyStoreDependencies) => StateStore) | undefined;
}

/** The longest wait for the first connection, in milliseconds. */
const longestWait = 2_000;

/** Creates the state of a process. There is no store yet. */
export function createServiceState(dependencies: ServiceStateDependencies): ServiceState {
  const { files, logger, metrics, clock, random, openStore } = dependencies;
  let store: StateStore | undefined;
  let opened: StoreOptions | undefined;
  let isStopped = false;

  const open = async ({ valkey }: NonNullable<Config['state']>) => {
    const create = openStore ?? (await loadStore());
    const { createStateEvents } = await import('../observe/state-events.ts');
    const { createStateMetrics } = await import('../observe/state-metrics.ts');
    if (isStopped) return;
    opened ??= valkey;
    store ??= create({
      options: valkey,
      readFile: files.read,
      clock,
      random,
      events: createStateEvents(logger, createStateMetrics(metrics.makers), clock),
    });
    await store.ready(longestWait);
  };
  return {
    prepare: ({ state }) => (state === undefined || store !== undefined ? undefined : open(state)),
    store: ({ state }) => (state === undefined ? undefined : store),
    opened: () => opened,
    stop: () => {
      isStopped = true;
      store?.stop();
    },
  };
}

async function loadStore(): Promise<typeof createValkeyStore> {
  return (await import('../state/valkey/create-valkey-store.ts')).createValkeyStore;
}
