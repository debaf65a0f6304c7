/** The state of the service that an explanation has in addition to the decision. */
import type { Config } from '../../config/declare/options.ts';
import type { ServiceState } from '../../model/explanation.ts';
import { version } from '../../runtime/version.ts';
import type { Readiness } from '../../transport/admin/readiness.ts';
import { configHash } from '../config-hash.ts';

/** Makes the state. @param uptime in milliseconds */
export function serviceState(
  { ready, draining, problems, issuers }: Readiness,
  config: Config,
  workers: number,
  uptime: number,
): ServiceState {
  return {
    version,
    configHash: configHash(config),
    ready,
    draining,
    workers,
    uptimeSeconds: Math.round(uptime / 1000),
    failedReloads: problems,
    issuers: issuers.map(({ name, state, keys, problem }) => ({
      name,
      state,
      keys,
      ...(problem !== undefined && { problem }),
    })),
  };
}
