/** Limits the time for a decision, so that each response is sent before Envoy's timeout. */

import { detailOf, duration } from '../config/values/detail-text.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision } from '../model/decision.ts';
import type { StepDetail, Trace } from '../model/trace.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';

/** How a late decision is replaced. */
export interface DeadlineOptions<Context> {
  /** Returns the time for a decision, in milliseconds. Not called for a synchronous decision. */
  readonly timeLeft: (context: Context) => number;
  readonly late: () => Decision;
  readonly clock: Clock;
}

/** Wraps a function that decides about a request. A synchronous decision starts no timer. */
export function withCheckDeadline<Context>(
  decide: (request: CheckRequest, context: Context, trace?: Trace) => Decision | Promise<Decision>,
  { timeLeft, late, clock }: DeadlineOptions<Context>,
): (request: CheckRequest, context: Context, trace?: Trace) => Decision | Promise<Decision> {
  return (request, context, trace) => {
    const decision = decide(request, context, trace);
    return decision instanceof Promise ? withDeadline(decision, timeLeft(context), clock, late) : decision;
  };
}

/** The decision of a check that took longer than its deadline, in milliseconds. */
export function tooLate(deadline: number): Decision {
  return { outcome: 'error', reason: 'overloaded', detail: () => lateDetail(deadline) };
}

/** The detail of such a decision. A call over gRPC can have a shorter deadline of its own. */
export function lateDetail(deadline: number): StepDetail {
  return detailOf(
    {
      step: 'decision',
      subject: 'the time of the check',
      expected: `at most ${duration(deadline)}, or the shorter deadline of the call`,
      found: 'longer',
      option: 'limits.checkDeadline',
    },
    `the check took longer than ${duration(deadline)} (limits.checkDeadline), or than the deadline of the call`,
  );
}

/** The largest delay of a timer, in milliseconds. */
const maxTimeout = 2 ** 31 - 1;

/** Creates the `timeLeft` of calls that can have a timeout of their own: the smaller of that and `longest`, in milliseconds. */
export function callTimeLeft(longest: number): (ofCall: () => number | undefined) => number {
  return (ofCall) => Math.max(0, Math.min(longest, ofCall() ?? longest, maxTimeout));
}
