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

/** The end of a check that waited too long, or for which a limit was reached. */
export function overloaded(limit: 'late' | 'full' | 'key' | 'issuer', deadline: number): BindingProblem {
  const [option, text] = {
    late: ['limits.checkDeadline', `the proof was not verified within ${duration(deadline)}`],
    full: ['limits.maxVerificationsInFlight', 'too many signatures wait for verification'],
    key: ['dpop.maxProofsPerKey', 'the store has the maximum number of proofs of this key'],
    issuer: ['dpop.maxProofs', 'the store has the maximum number of proofs for tokens of this issuer'],
  }[limit] as [string, string];
  return {
    reason: 'overloaded',
    detail: () =>
      detailOf(proofObservation('the DPoP proof', 'a free place', 'none', option), `${text} (${option})`),
  };
}
