/** A check that another authorizer still decides: our own decision is only compared. */

import type { Config } from '../../config/declare/options.ts';
import type { Check, Decision } from '../../model/decision.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import { internalError } from '../authenticate.ts';
import { compare, type StatusOf } from './compare-decisions.ts';
import { type AskIncumbent, noAnswerInTime } from './incumbent.ts';

/**
 * Makes the check. Both are asked at once; where the other one gives no answer, there is none.
 *
 * @param shadow the other one, and the time that it has, in milliseconds: a question that never settles has no more
 */
export function createIncumbentCheck(
  own: Check,
  ask: AskIncumbent,
  statusOf: StatusOf,
  shadow: Config['shadow'],
  clock: Clock,
): Check {
  const inTime = (answer: Promise<IncumbentAnswer | Error>) =>
    withDeadline(answer, shadow.timeout, clock, () => noAnswerInTime(shadow));
  return async (request) => {
    const answer = ask(request).then(
      (given): IncumbentAnswer | Error => given,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const asked = inTime(answer);
    try {
      const [decision, incumbent] = await Promise.all([own(request), asked]);
      if (incumbent instanceof Error) return unavailable(incumbent);
      return { ...decision, incumbent, comparison: compare(decision, incumbent, request, statusOf) };
    } catch (cause) {
      return internalError(cause);
    }
  };
}

function unavailable({ message }: Error): Decision {
  return { outcome: 'error', reason: 'incumbent_unavailable', comparison: 'unavailable', problem: message };
}
