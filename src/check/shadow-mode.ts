/** What is only tried: a check that lets pass what it would refuse, and says why it would have. */
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision, NotAllowed } from '../model/decision.ts';
import type { Forwarding } from '../model/forwarding.ts';

/** How some requests are decided. */
export type Decide = (request: CheckRequest) => Decision | Promise<Decision>;

/** Lets pass what would be refused, without any identity, and says why it would have been. */
export function shadowed(decide: Decide, forwardNothing: () => Forwarding): Decide {
  const letPass = createLetPass(forwardNothing);
  const pass = (decision: Decision): Decision =>
    decision.outcome === 'allow' ? decision : letPass(decision);
  return (request) => {
    const decision = decide(request);
    return decision instanceof Promise ? decision.then(pass) : pass(decision);
  };
}

/** Makes what lets a refusal pass. */
export function createLetPass(forwardNothing: () => Forwarding): (refusal: NotAllowed) => Decision {
  const forwardings = new Map<string, Forwarding>();
  return (refusal) => ({
    outcome: 'allow',
    reason: 'allowed',
    ...(refusal.rule !== undefined && { rule: refusal.rule }),
    shadow: refusal.reason,
    ...(refusal.outcome === 'error' && refusal.cause !== undefined && { cause: refusal.cause }),
    identity: undefined,
    forwarding: forwardings.getOrInsertComputed(`${refusal.reason} ${refusal.rule}`, forwardNothing),
    cached: false,
  });
}
