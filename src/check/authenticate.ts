/** Who asks: the credential of a request, verified and proven. Whatever goes wrong inside becomes a decision. */

import type { Verdict, Verify } from '../credential/token/verifier.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision, NotAllowed } from '../model/decision.ts';
import type { Identity } from '../model/identity.ts';
import { type DenyReason, type ErrorReason, reasons } from '../model/reasons.ts';
import type { Prove } from './binding/verify-binding.ts';
import { readCredential, type Scheme } from './credential.ts';

/** What becomes of a request whose client is known. */
export type Admit = (identity: Identity, token: string, cached: boolean, request: CheckRequest) => Decision;

/** Finds out who asks; decides by itself where that is nobody. */
export type Authenticate = (request: CheckRequest, admit: Admit) => Decision | Promise<Decision>;

/** What authentication is made of. */
export interface AuthenticateParts {
  readonly verify: Verify;
  readonly prove: Prove;
  /** The schemes of the authorization header that are understood. */
  readonly schemes: readonly Scheme[];
}

interface Presented {
  readonly scheme: Scheme;
  readonly token: string;
}

/** Makes the authentication. It never throws, and what it gives never rejects. */
export function createAuthenticate({ verify, prove, schemes }: AuthenticateParts): Authenticate {
  const decide = (
    verdict: Verdict,
    { scheme, token }: Presented,
    request: CheckRequest,
    admit: Admit,
  ): Decision | Promise<Decision> => {
    if (verdict.outcome !== 'verified') return verdict;
    const { identity, cached } = verdict;
    if (identity.confirmation === undefined && scheme === 'bearer')
      return admit(identity, token, cached, request);
    const problem = prove({ scheme, token, identity, request });
    const settle = (reason: DenyReason | ErrorReason | undefined) =>
      reason === undefined ? admit(identity, token, cached, request) : refused(reason, identity);
    return problem instanceof Promise ? problem.then(settle) : settle(problem);
  };

  return (request, admit) => {
    try {
      const credential = readCredential(request.authorization, schemes);
      if ('reason' in credential) return { outcome: 'deny', reason: credential.reason };
      const verdict = verify(credential.token);
      const decision =
        verdict instanceof Promise
          ? verdict.then((settled) => decide(settled, credential, request, admit))
          : decide(verdict, credential, request, admit);
      return decision instanceof Promise ? decision.catch(internalError) : decision;
    } catch (cause) {
      return internalError(cause);
    }
  };
}

/** The end of a check in which something of ours failed. */
export function internalError(cause: unknown): Decision {
  return { outcome: 'error', reason: 'internal_error', cause };
}

function refused(reason: DenyReason | ErrorReason, { issuerName }: Identity): NotAllowed {
  return { outcome: reasons[reason].outcome, reason, issuerName } as NotAllowed;
}
