/** Decides a check over gRPC before the timeout of its caller. After a timeout, Envoy applies its failure mode. */

import type { CheckRequest } from '../../../model/check-request.ts';
import type { Check, Decision } from '../../../model/decision.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { withDeadline } from '../../../runtime/time/deadline.ts';

/** The deadline of a check. */
export interface DeadlineOptions {
  readonly check: Check;
  /** Creates the decision of a check that is late. */
  readonly late: () => Decision;
  /** The longest time of a check, in milliseconds, whatever the timeout of its caller. */
  readonly longest: number;
  readonly clock: Clock;
}

/** The longest timer of Node, in milliseconds. */
const maxTimeout = 2 ** 31 - 1;

/** Adds a deadline to a check. The returned check takes the time left until the timeout of its caller, in milliseconds. */
export function withCallDeadline({
  check,
  late,
  longest,
  clock,
}: DeadlineOptions): (
  request: CheckRequest,
  timeLeft: () => number | undefined,
) => Decision | Promise<Decision> {
  return (request, timeLeft) => {
    const decision = check(request);
    if (!(decision instanceof Promise)) return decision;
    const time = Math.min(longest, timeLeft() ?? longest, maxTimeout);
    return withDeadline(decision, Math.max(0, time), clock, late);
  };
}
