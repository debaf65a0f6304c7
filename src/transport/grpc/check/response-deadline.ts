/** A check over gRPC is answered before its caller gives up: that would leave the request to Envoy's failure mode. */
import type { Check, CheckRequest, Decision } from '../../../model/decision.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { withDeadline } from '../../../runtime/time/deadline.ts';

/** What bounds a check. */
export interface InTimeParts {
  readonly check: Check;
  /** What becomes of a check that is late. */
  readonly late: () => Decision;
  /** Milliseconds that a check may take whatever its caller says. */
  readonly longest: number;
  readonly clock: Clock;
}

/** A timer holds at most 31 bits of milliseconds. */
const maxTimeout = 2 ** 31 - 1;

/** Makes a check of the same kind that ends in time. */
export function createInTime({
  check,
  late,
  longest,
  clock,
}: InTimeParts): (request: CheckRequest, timeLeft: () => number | undefined) => Decision | Promise<Decision> {
  return (request, timeLeft) => {
    const decision = check(request);
    if (!(decision instanceof Promise)) return decision;
    const time = Math.min(longest, timeLeft() ?? longest, maxTimeout);
    return withDeadline(decision, Math.max(0, time), clock, late);
  };
}
