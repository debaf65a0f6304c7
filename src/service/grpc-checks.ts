/** Checks over gRPC: with the deadline of the call, and decisions for requests that are not read. */
import { callTimeLeft, lateDetail, withCheckDeadline } from '../check/check-deadline.ts';
import { createShadowAllow } from '../check/shadow-mode.ts';
import { forwardNothing } from '../check/upstream-headers.ts';
import type { Config } from '../config/declare/options.ts';
import { loginTime } from '../config/login/login-time.ts';
import { removedHeaders } from '../config/rules/rule-problems.ts';
import { isShadowConfig } from '../config/rules/shadow-mode.ts';
import type { Check, Decision, NotAllowed } from '../model/decision.ts';
import type { Detail } from '../model/trace.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** Creates the checks. In shadow mode, late and unread requests are allowed too. */
export function createGrpcChecks(config: Config, check: Check, clock: Clock) {
  const { limits, shadow, login } = config;
  const hasIncumbent = shadow.authorizer !== '';
  const headers = removedHeaders(config);
  const shadowAllow = createShadowAllow(() => forwardNothing(config, headers));
  const isAllShadowed = isShadowConfig(config);
  const denyWith =
    (outcome: 'deny' | 'error', reason: NotAllowed['reason']) =>
    (detail: Detail = defaultDetail(reason)): Decision => {
      const decision = { outcome, reason, detail: () => detail } as NotAllowed;
      return isAllShadowed && !hasIncumbent ? shadowAllow(decision) : decision;
    };
  // The time that the check itself may wait, so that a request has the same outcome over HTTP and gRPC.
  const longest = Math.max(
    limits.checkDeadline,
    hasIncumbent ? shadow.timeout : 0,
    login === undefined ? 0 : loginTime(limits),
  );
  return {
    denyWith,
    // The time of the call is not a trace: a check with a trace does not store proofs.
    check: withCheckDeadline((request) => check(request), {
      timeLeft: callTimeLeft(longest),
      late: () => denyWith('error', 'overloaded')(lateDetail(longest)),
      clock,
    }),
  };
}

/** The detail of a request that was not read, if its reader gives none. */
function defaultDetail(reason: NotAllowed['reason']): Detail {
  return reason === 'internal_error'
    ? { text: 'the response to the check could not be built; the log has the error' }
    : { text: `the gRPC listener did not read the message (${reason})` };
}
