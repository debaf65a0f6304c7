/** One check, from the request that Envoy asks about to the decision: where there are no rules, a good token is enough. */

import type { Check, Decision } from '../model/decision.ts';
import type { Identity } from '../model/identity.ts';
import type { Authenticate } from './authenticate.ts';
import type { Forward } from './upstream-headers.ts';

/** Makes the check. Whatever goes wrong inside becomes a decision. */
export function createCheck(authenticate: Authenticate, forward: Forward): Check {
  const admit = (identity: Identity, token: string, cached: boolean): Decision => {
    return { outcome: 'allow', reason: 'allowed', identity, forwarding: forward(identity, token), cached };
  };
  return (request) => authenticate(request, admit);
}
