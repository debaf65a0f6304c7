/** Why a client did not prove the binding of its token. */
import { detailOf, duration } from '../../config/values/detail-text.ts';
import type { DenyReason, ErrorReason } from '../../model/reasons.ts';
import type { Observation, StepDetail } from '../../model/trace.ts';

/** A binding that is not proved. */
export interface BindingProblem {
  readonly reason: DenyReason | ErrorReason;
  readonly detail: () => StepDetail;
}

/** A step of the proof, without the values of the proof. */
export function proofObservation(
  subject: string,
  expected: string,
  found: string,
  option?: string,
): Observation {
  return { step: 'proof', subject, expected, found, ...(option !== undefined && { option }) };
}

/** A proof or a certificate that is invalid. `text` is one phrase. */
export function invalid(
  subject: string,
  expected: string,
  found: string,
  text: string,
  option?: string,
): BindingProblem {
  return {
    reason: 'proof_invalid',
    detail: () => detailOf(proofObservation(subject, expected, found, option), text),
  };
}

/** A token with a binding that this configuration cannot verify. */
export function unverifiable(subject: string, text: string, option: string): BindingProblem {
  return {
    reason: 'token_bound',
    detail: () => detailOf(proofObservation(subject, 'configured', 'not configured', option), text),
  };
}

/** A limit that a check reached. */
type Limit = 'late' | 'full' | 'key' | 'issuer' | 'waiting' | 'waitingOfKey';

/** The end of a check that waited too long, or for which a limit was reached. */
export function overloaded(limit: Limit, deadline: number): BindingProblem {
  const [option, text] = {
    late: ['limits.checkDeadline', `the proof was not verified within ${duration(deadline)}`],
    full: ['limits.maxVerificationsInFlight', 'too many signatures wait for verification'],
    key: ['dpop.maxProofsPerKey', 'the store has the maximum number of proofs of this key'],
    issuer: ['dpop.maxProofs', 'the store has the maximum number of proofs for tokens of this issuer'],
    waiting: ['limits.maxVerificationsInFlight', 'too many proofs wait for the store that replicas share'],
    waitingOfKey: [
      'limits.maxVerificationsInFlight',
      'too many proofs of this key wait for the store that replicas share',
    ],
  }[limit] as [string, string];
  return {
    reason: 'overloaded',
    detail: () =>
      detailOf(proofObservation('the DPoP proof', 'a free place', 'none', option), `${text} (${option})`),
  };
}

/** A proof that was used before. */
export const usedBefore = invalid(
  'jti of the proof',
  'a new proof',
  'a proof that was used before',
  'the DPoP proof was used before: each request needs a new one',
  'dpop.maxAge',
);

/** Nothing shows that the proof is new: the store that replicas share is away. */
export function withoutStore(problem: string): BindingProblem {
  return {
    reason: 'proofs_unavailable',
    detail: () =>
      detailOf(
        proofObservation('the store of used proofs', 'an answer', 'none', 'dpop.store'),
        `the store of used proofs cannot be asked: ${problem} (dpop.store)`,
      ),
  };
}
