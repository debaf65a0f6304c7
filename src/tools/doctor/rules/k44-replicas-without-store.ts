/** K44: several processes, each of which remembers for itself what was used or ended. */
import type { Config } from '../../../config/declare/options.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { severalReplicas } from '../world/replicas.ts';
import type { World } from '../world/world.ts';
import { renewsSessions } from './k15-replicas-with-refresh.ts';

/** The gaps of a configuration in which each process remembers for itself. K15 reports sessions that several processes renew. */
export function unsharedMemory(
  config: Config,
): readonly Pick<Found, 'cause' | 'severity' | 'effect' | 'fix'>[] {
  const { state, dpop, issuers, login } = config;
  const verifiesProofs =
    dpop.origins.length > 0 && issuers.some(({ boundTokens }) => boundTokens === 'verify');
  return [
    ...(verifiesProofs && dpop.store === 'off'
      ? [
          {
            cause: 'Each process remembers the DPoP proofs that it has seen.',
            effect:
              'A client that records a proof can use it once more in each other process, while it is valid.',
            fix: 'Add `state`, and set `dpop.store: closed` or `local` (docs/state.md).',
          },
        ]
      : []),
    ...(login !== undefined && state === undefined && !renewsSessions(config)
      ? [
          {
            cause: 'Each process knows only the sign-outs that it has answered.',
            severity: 'note' as const,
            effect:
              'A copy of the cookie of a signed-out person is still valid in the other processes, until the session expires.',
            fix: 'Add `state`, a store that the processes share (docs/state.md).',
          },
        ]
      : []),
  ];
}

/** Each gap is a finding at each place that asks for several pods. */
export const replicasWithoutStore: Rule<World> = {
  id: 'K44',
  title: 'Several processes without a shared memory',
  severity: 'warning',
  effect: 'What one process has seen, the others accept again.',
  fix: 'Add `state`, a store that the processes share (docs/state.md).',
  needsConfig: true,
  check: (world) => {
    const { config } = world;
    if (config === undefined) return [];
    return severalReplicas(world).flatMap(({ place, cause }) =>
      unsharedMemory(config).map((gap) => ({ ...gap, place, cause: `${cause} ${gap.cause}` })),
    );
  },
};
