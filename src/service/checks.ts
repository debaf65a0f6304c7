/** Chooses how many processes answer checks. */
import { availableParallelism } from 'node:os';
import type { RegisteredIssuer } from '../issuer/registry.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { type CheckService, type CheckServiceDependencies, createCheckService } from './check-service.ts';
import { createWorkerPool, type WorkerPoolDependencies } from './workers/pool.ts';
import { createCheckPorts } from './workers/ports.ts';

/** Creates the check service of this process or, if `workers` is more than 1, of several worker processes. */
export function createChecks(
  dependencies: CheckServiceDependencies & Pick<WorkerPoolDependencies, 'sessionKeysText'>,
  { forkWorker, giveUp }: Pick<AppDependencies, 'forkWorker' | 'giveUp'>,
): CheckService<readonly RegisteredIssuer[]> {
  const { initial, metrics, clock } = dependencies;
  const count = initial.workers === 'auto' ? availableParallelism() : initial.workers;
  metrics.workersWanted(count);
  if (count === 1) return createCheckService(dependencies);
  const ports = createCheckPorts(initial, clock);
  return createWorkerPool({ ...dependencies, count, forkWorker, giveUp, ports });
}
