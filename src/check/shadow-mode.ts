/** Shadow mode: a check allows a request that it would deny, and reports the reason. */
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision, NotAllowed } from '../model/decision.ts';
import type { Forwarding } from '../model/forwarding.ts';
import type { Trace } from '../model/trace.ts';

/** Decides about a request. */
export type Decide = (request: CheckRequest, trace: Trace | undefined) => Decision | Promise<Decision>;

/**
 * Wraps a check in shadow mode. A request that would be denied is allowed without an identity.
 *
 * @param option the path of the option that sets the mode, for a trace
 */
export function inShadowMode(decide: Decide, forwardNothing: () => Forwarding, option: string): Decide {
  const shadowAllow = createShadowAllow(forwardNothing);
  const allow = (decision: Decision): Decision =>
    decision.outcome === 'allow' ? decision : shadowAllow(decision);
  return (request, trace) => {
    if (trace !== undefined)
      trace({
        step: 'rule',
        result: 'info',
        subject: 'the mode',
        found: 'shadow: a denial is not enforced',
        option,
      });
    const decision = decide(request, trace);
    return decision instanceof Promise ? decision.then(allow) : allow(decision);
  };
}

/** Creates the function that turns a denial or an error into an allow with `shadow`. */
export function createShadowAllow(forwardNothing: () => Forwarding): (decision: NotAllowed) => Decision {
  const forwardings = new Map<string, Forwarding>();
  return (decision) => ({
    outcome: 'allow',
    reason: 'allowed',
    ...(decision.rule !== undefined && { rule: decision.rule }),
    shadow: decision.reason,
    ...(decision.outcome === 'error' && decision.cause !== undefined && { cause: decision.cause }),
    identity: undefined,
    forwarding: forwardings.getOrInsertComputed(`${decision.reason} ${decision.rule}`, forwardNothing),
    cached: false,
    ...(decision.detail !== undefined && { detail: decision.detail }),
  });
}
