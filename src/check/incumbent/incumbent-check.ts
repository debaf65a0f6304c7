/** The check with an incumbent: the incumbent decides, and our own decision is only compared with it. */

import type { Config } from '../../config/declare/options.ts';
import type { Check, Decision } from '../../model/decision.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import { internalError } from '../authenticate.ts';
import { compare, type StatusOf } from './compare-decisions.ts';
import { type AskIncumbent, noAnswerInTime } from './incumbent.ts';

/**
 * Creates the check. Both decide at the same time. Without an answer of the incumbent, the check ends with `incumbent_unavailable`.
 *
 * @param shadow the address of the incumbent, and its timeout in milliseconds
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
  return async (request, trace) => {
    const answer = ask(request).then(
      (received): IncumbentAnswer | Error => received,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const incumbentAnswer = inTime(answer);
    try {
      const [decision, incumbent] = await Promise.all([own(request, trace), incumbentAnswer]);
      if (incumbent instanceof Error) return unavailable(incumbent);
      return { ...decision, incumbent, comparison: compare(decision, incumbent, request, statusOf) };
    } catch (cause) {
      return internalError(cause);
    }
  };
}

function unavailable({ message }: Error): Decision {
  return {
    outcome: 'error',
    reason: 'incumbent_unavailable',
    comparison: 'unavailable',
    problem: message,
    detail: () => ({ text: message, option: 'shadow.authorizer' }),
  };
}
