/** Decides about a proof that is new to this process, by the store that replicas share (`dpop.store`). */
import { proofClockTolerance } from '../../config/declare/binding-options.ts';
import type { Config } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { type BindingProblem, overloaded, usedBefore, withoutStore } from './binding-problem.ts';
import type { SharedProofs } from './shared-proofs.ts';
import type { UsedProof } from './used-proofs.ts';

/** The result for a proof, as the metric names it. */
export type SharedProofResult =
  | 'new'
  | 'used'
  /** Too many proofs waited for the store. */
  | 'overloaded'
  /** The store is away, and the check ended with `proofs_unavailable`. */
  | 'unavailable'
  /** The store is away, and the proof was accepted once in this process. */
  | 'local';

/** Receives each result. `problem` says why the store is away. */
export type OnSharedProof = (result: SharedProofResult, problem?: string) => void;

/**
 * Decides about a proof.
 *
 * @param isDryRun whether it stores and reports nothing
 * @returns undefined if the proof was not used before
 */
export type ConfirmProof = (proof: UsedProof, isDryRun: boolean) => Promise<BindingProblem | undefined>;

/** The dependencies. */
export interface ConfirmProofDependencies {
  readonly config: Pick<Config, 'dpop' | 'limits'>;
  readonly shared: SharedProofs;
  readonly clock: Clock;
  readonly onShared: OnSharedProof;
}

/** Creates the decision. It is asked after the store of this process, so a proof is never accepted twice in one process. */
export function createConfirmProof({
  config: { dpop, limits },
  shared,
  clock,
  onShared,
}: ConfirmProofDependencies): ConfirmProof {
  const maxWaiting = limits.maxVerificationsInFlight;
  const ask = (proof: UsedProof, isDryRun: boolean) =>
    isDryRun
      ? shared.test(proof, maxWaiting)
      : // A replica whose clock is behind accepts the proof for longer.
        shared.use(proof, proof.issuedAt + dpop.maxAge - clock.now() + proofClockTolerance, maxWaiting);

  return async (proof, isDryRun) => {
    const report: OnSharedProof = isDryRun ? () => {} : onShared;
    const use = await ask(proof, isDryRun);
    switch (use.result) {
      case 'new':
        report('new');
        return undefined;
      case 'used':
        report('used');
        return usedBefore;
      case 'key':
      case 'full':
        report('overloaded');
        return overloaded(use.result === 'key' ? 'waitingOfKey' : 'waiting', limits.checkDeadline);
      case 'unavailable':
        report(dpop.store === 'local' ? 'local' : 'unavailable', use.problem);
        return dpop.store === 'local' ? undefined : withoutStore(use.problem);
      default:
        return use satisfies never;
    }
  };
}
