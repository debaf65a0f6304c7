/** One check, from the request that Envoy asks about to the decision. */
import type { Prove } from '../proof/prove.ts';
import type { Verdict, Verify } from '../token/verifier.ts';
import { readCredential, type Scheme } from './credential.ts';
import type { Forward } from './forward.ts';
import { type DenyReason, type ErrorReason, reasons } from './reasons.ts';
import type { Check, CheckRequest, Decision, Identity, Refusal } from './types.ts';

/** What a check is made of. */
export interface CheckParts {
  readonly verify: Verify;
  readonly prove: Prove;
  readonly forward: Forward;
  /** The schemes of the authorization header that are understood. */
  readonly schemes: readonly Scheme[];
}

type Verified = Verdict & { readonly outcome: 'verified' };

/** Makes the check. Whatever goes wrong inside becomes a decision. */
export function createCheck({ verify, prove, forward, schemes }: CheckParts): Check {
  const allow = ({ identity, cached }: Verified, token: string): Decision => {
    return { outcome: 'allow', reason: 'allowed', identity, forwarding: forward(identity, token), cached };
  };
  const decide = (
    verdict: Verdict,
    { scheme, token }: { readonly scheme: Scheme; readonly token: string },
    request: CheckRequest,
  ): Decision | Promise<Decision> => {
    if (verdict.outcome !== 'verified') return verdict;
    const { identity } = verdict;
    if (identity.confirmation === undefined && scheme === 'bearer') return allow(verdict, token);
    const problem = prove({ scheme, token, identity, request });
    const settle = (reason: DenyReason | ErrorReason | undefined) =>
      reason === undefined ? allow(verdict, token) : refused(reason, identity);
    return problem instanceof Promise ? problem.then(settle) : settle(problem);
  };

  return (request) => {
    try {
      const credential = readCredential(request.authorization, schemes);
      if ('reason' in credential) return { outcome: 'deny', reason: credential.reason };
      const verdict = verify(credential.token);
      const decision =
        verdict instanceof Promise
          ? verdict.then((settled) => decide(settled, credential, request))
          : decide(verdict, credential, request);
      return decision instanceof Promise ? decision.catch(internalError) : decision;
    } catch (cause) {
      return internalError(cause);
    }
  };
}

function refused(reason: DenyReason | ErrorReason, { issuerName }: Identity): Refusal {
  return { outcome: reasons[reason].outcome, reason, issuerName } as Refusal;
}

function internalError(cause: unknown): Decision {
  return { outcome: 'error', reason: 'internal_error', cause };
}
