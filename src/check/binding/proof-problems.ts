/** Why a DPoP proof is invalid: the texts for details and traces. They have no value of the proof except times and `alg`. */
import { proofClockTolerance } from '../../config/declare/binding-options.ts';
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import { duration, shown } from '../../config/values/detail-text.ts';
import { type BindingProblem, invalid } from './binding-problem.ts';
import type { TargetProblem } from './proof-target.ts';

/** The allowed algorithms of proofs, the cheapest first. */
export const proofAlgorithms: readonly Algorithm[] = ['EdDSA', 'ES256', 'RS256', 'PS256'];

/** There is not exactly one proof. */
export function proofCount(count: number): BindingProblem {
  const found = count === 0 ? 'no DPoP header' : `${count} DPoP headers`;
  return invalid('the DPoP header', 'exactly one', found, `the request has ${found} instead of one`);
}

/** The proof cannot be read. */
export function malformed(problem: string): BindingProblem {
  return invalid('the DPoP proof', 'a valid proof', `it ${problem}`, `the DPoP proof ${problem}`);
}

/** The algorithm is not allowed. */
export function proofAlgorithm(algorithm: Algorithm): BindingProblem {
  const expected = proofAlgorithms.join(', ');
  return invalid(
    'alg of the proof',
    expected,
    algorithm,
    `alg ${algorithm} of the DPoP proof is not in ${expected}`,
  );
}

/** `htm` is another method. */
export function wrongMethod(method: string): BindingProblem {
  return invalid(
    'htm of the proof',
    shown(method),
    'another method',
    `the claim htm of the DPoP proof is not the method of the request, ${shown(method)}`,
  );
}

/** `htu` is for another request. */
export function wrongTarget(problem: TargetProblem): BindingProblem {
  const [text, option] = {
    form: ['is not an http or https URL', undefined],
    origin: ['has an origin that is not in dpop.origins', 'dpop.origins'],
    host: ['has another host than the request', 'dpop.origins'],
    path: ['has another path than the request', undefined],
  }[problem] as [string, string | undefined];
  return invalid(
    'htu of the proof',
    'the URL of the request',
    'another',
    `the claim htu of the DPoP proof ${text}`,
    option,
  );
}

/**
 * The proof is too old, or from the future.
 *
 * @param issuedAt seconds since the epoch
 * @param age milliseconds
 */
export function outsideWindow(issuedAt: number, age: number, maxAge: number): BindingProblem {
  const isOld = age > maxAge;
  const text = isOld
    ? `is ${duration(age)} old (iat ${issuedAt}, dpop.maxAge ${duration(maxAge)})`
    : `was issued in the future, in ${duration(-age)} (iat ${issuedAt}, tolerance ${duration(proofClockTolerance)}): compare the clocks`;
  return invalid(
    'iat of the proof',
    `at most ${duration(maxAge)} old, and at most ${duration(proofClockTolerance)} in the future`,
    isOld ? `${duration(age)} old` : `${duration(-age)} in the future`,
    `the DPoP proof ${text}`,
    isOld ? 'dpop.maxAge' : undefined,
  );
}
