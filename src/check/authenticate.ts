/** Authenticates a request: verifies its token and, if the token is bound, the client's proof. An exception becomes a decision. */

import { detailOf } from '../config/values/detail-text.ts';
import type { Verdict, Verify } from '../credential/token/verifier.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision, NotAllowed } from '../model/decision.ts';
import type { Identity } from '../model/identity.ts';
import { reasons } from '../model/reasons.ts';
import type { StepDetail, Trace } from '../model/trace.ts';
import type { BindingProblem } from './binding/binding-problem.ts';
import type { Prove } from './binding/verify-binding.ts';
import { readCredential, type Scheme } from './credential.ts';
import { createDenyCredential, traceCredential } from './credential-details.ts';

/** Decides about an authenticated request. */
export type Admit = (
  identity: Identity,
  token: string,
  cached: boolean,
  request: CheckRequest,
  trace?: Trace,
) => Decision;

/** Authenticates a request, then calls `admit`. Without a valid token, it decides itself. */
export type Authenticate = (
  request: CheckRequest,
  admit: Admit,
  trace?: Trace,
) => Decision | Promise<Decision>;

/** The dependencies of authentication. */
export interface AuthenticateParts {
  readonly verify: Verify;
  readonly prove: Prove;
  /** The accepted schemes of the authorization header. */
  readonly schemes: readonly Scheme[];
}

interface PresentedToken {
  readonly scheme: Scheme;
  readonly token: string;
}

/** Creates the authentication. It never throws, and its promise never rejects. */
export function createAuthenticate({ verify, prove, schemes }: AuthenticateParts): Authenticate {
  const denyCredential = createDenyCredential(schemes);
  const decide = (
    verdict: Verdict,
    { scheme, token }: PresentedToken,
    request: CheckRequest,
    admit: Admit,
    trace: Trace | undefined,
  ): Decision | Promise<Decision> => {
    if (verdict.outcome !== 'verified') return verdict;
    const { identity, cached } = verdict;
    if (identity.confirmation === undefined && scheme === 'bearer')
      return admit(identity, token, cached, request, trace);
    const proved = prove({ scheme, token, identity, request, trace });
    const decideByProof = (problem: BindingProblem | undefined) =>
      problem === undefined ? admit(identity, token, cached, request, trace) : notAllowed(problem, identity);
    return proved instanceof Promise ? proved.then(decideByProof) : decideByProof(proved);
  };

  const decideSafely: typeof decide = (...settled) => {
    try {
      const decision = decide(...settled);
      return decision instanceof Promise ? decision.catch(internalError) : decision;
    } catch (cause) {
      return internalError(cause);
    }
  };

  return (request, admit, trace) => {
    try {
      const credential = readCredential(request.authorization, schemes);
      if ('reason' in credential) return denyCredential(credential.reason, request);
      if (trace !== undefined) traceCredential(trace, credential.scheme);
      const verdict = verify(credential.token, trace);
      return verdict instanceof Promise
        ? verdict.then((settled) => decideSafely(settled, credential, request, admit, trace), internalError)
        : decideSafely(verdict, credential, request, admit, trace);
    } catch (cause) {
      return internalError(cause);
    }
  };
}

/** The decision after an exception. */
export function internalError(cause: unknown): Decision {
  return { outcome: 'error', reason: 'internal_error', cause, detail: () => describeException(cause) };
}

/** Only the kind of the exception: its message can have any value. */
function describeException(cause: unknown): StepDetail {
  const found = cause instanceof Error ? cause.constructor.name : typeof cause;
  return detailOf(
    { step: 'decision', subject: 'the check', expected: 'a decision', found },
    `the check threw ${found}; the log record "a check failed" has the stack`,
  );
}

function notAllowed({ reason, detail }: BindingProblem, { issuerName }: Identity): NotAllowed {
  return { outcome: reasons[reason].outcome, reason, issuerName, detail } as NotAllowed;
}
