/** A check that another authorizer still decides: our own decision is only compared. */
import { internalError } from '../check/authenticate.ts';
import type { Check, Decision, IncumbentAnswer } from '../check/types.ts';
import type { Clock } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import { compare, type StatusOf } from './compare.ts';
import type { AskIncumbent } from './incumbent.ts';

/** How much later than its own timeout a question is given up that never settles, as a factor. */
const patience = 1.05;

/**
 * Makes the check. Both are asked at once; where the other one gives no answer, there is none.
 *
 * @param bound the time that the other one has, in milliseconds
 */
export function createShadowedCheck(
  own: Check,
  ask: AskIncumbent,
  statusOf: StatusOf,
  { timeout, clock }: { readonly timeout: number; readonly clock: Clock },
): Check {
  const inTime = (answer: Promise<IncumbentAnswer | Error>) =>
    withDeadline(answer, timeout * patience, clock, () => new Error(`no answer within ${timeout} ms`));
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
