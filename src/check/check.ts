/** One check, from the request that Envoy asks about to the decision. */
import type { Verdict, Verify } from '../token/verifier.ts';
import { bearerToken } from './bearer.ts';
import type { Forward } from './forward.ts';
import type { Check, Decision } from './types.ts';

/** Makes the check. Whatever goes wrong inside becomes a decision. */
export function createCheck(verify: Verify, forward: Forward): Check {
  const decide = (verdict: Verdict, token: string): Decision => {
    if (verdict.outcome !== 'verified') return verdict;
    const { identity, cached } = verdict;
    return { outcome: 'allow', reason: 'allowed', identity, forwarding: forward(identity, token), cached };
  };

  return ({ authorization }) => {
    try {
      const bearer = bearerToken(authorization);
      if ('reason' in bearer) return { outcome: 'deny', reason: bearer.reason };
      const verdict = verify(bearer.token);
      if (!(verdict instanceof Promise)) return decide(verdict, bearer.token);
      return verdict.then((settled) => decide(settled, bearer.token)).catch(internalError);
    } catch (cause) {
      return internalError(cause);
    }
  };
}

function internalError(cause: unknown): Decision {
  return { outcome: 'error', reason: 'internal_error', cause };
}
