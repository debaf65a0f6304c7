/** A requirement for tokens that a token does not meet. */
import type { DenyReason } from '../../model/reasons.ts';
import type { StepDetail } from '../../model/trace.ts';
import type { Facts } from './facts.ts';

/**
 * Describes what a requirement expects and what a token has, whether or not the token meets it.
 *
 * @param now the wall clock, in seconds since the epoch
 */
export type Describe = (facts: Facts, now: number) => StepDetail;

/** A requirement that a token does not meet. */
export interface FailedRequirement {
  readonly reason: DenyReason;
  readonly describe: Describe;
}
