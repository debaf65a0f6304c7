/** The parts of the process that the service uses. */
import type { Logger } from '../observe/logger.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { ServiceStateDependencies } from './service-state.ts';
import type { ForkWorker } from './workers/protocol.ts';

/** The dependencies of the service. */
export interface AppDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Returns a number from 0 to 1, for jitter. */
  readonly random: () => number;
  /** Returns cryptographically random bytes. */
  readonly randomBytes: (size: number) => Uint8Array;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly files: FollowedFiles;
  /** The path of the configuration file, if there is one. */
  readonly configFile?: string | undefined;
  /** Starts a worker process. Called only if `workers` is not 1. */
  readonly forkWorker: ForkWorker;
  /** Creates the store of `state`. By default, one in Valkey. */
  readonly openStore?: ServiceStateDependencies['openStore'];
  /** Called when no worker keeps running, so that nothing answers checks. The process must exit. */
  readonly giveUp: (error: Error) => void;
}
