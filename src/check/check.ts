/** The check without rules: a valid token allows the request. */

import type { Check, Decision } from '../model/decision.ts';
import type { Identity } from '../model/identity.ts';
import type { Authenticate } from './authenticate.ts';
import type { Forward } from './upstream-headers.ts';

/** Creates the check. */
export function createCheck(authenticate: Authenticate, forward: Forward): Check {
  const admit = (identity: Identity, token: string, cached: boolean): Decision => {
    return { outcome: 'allow', reason: 'allowed', identity, forwarding: forward(identity, token), cached };
  };
  return (request, trace) => authenticate(request, admit, trace);
}
