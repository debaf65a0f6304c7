/** Counts the answers of the store about DPoP proofs, and logs that it is away. */
import type { OnSharedProof } from '../check/binding/confirm-proof.ts';
import { createProofCounter } from '../observe/fleet-metrics.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** The time between two records, in milliseconds. */
const interval = 60_000;

const messages = {
  unavailable:
    'checks with a DPoP proof ended with proofs_unavailable, because the store of used proofs is away',
  local: 'DPoP proofs were accepted once in this process only, because the store of used proofs is away',
} as const;

/** The dependencies. */
export interface ProofEventsDependencies {
  readonly metrics: Pick<Metrics, 'makers'>;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
  readonly clock: Clock;
}

/** Creates the events. Each message is logged at most once a minute, with the number of proofs since the last one. */
export function createProofEvents({ metrics, logger, clock }: ProofEventsDependencies): OnSharedProof {
  const tallies = {
    unavailable: { proofs: 0, loggedAt: Number.NEGATIVE_INFINITY },
    local: { proofs: 0, loggedAt: Number.NEGATIVE_INFINITY },
  };
  const count = createProofCounter(metrics.makers);
  return (result, problem) => {
    count(result);
    if (result !== 'unavailable' && result !== 'local') return;
    const tally = tallies[result];
    tally.proofs++;
    if (clock.monotonic() - tally.loggedAt < interval) return;
    const record = { proofs: tally.proofs, problem, option: 'dpop.store' };
    if (result === 'unavailable') logger.error(record, messages.unavailable);
    else logger.warn(record, messages.local);
    Object.assign(tally, { proofs: 0, loggedAt: clock.monotonic() });
  };
}
