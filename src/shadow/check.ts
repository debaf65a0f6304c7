/** A check that another authorizer still decides: our own decision is only compared. */
import { internalError } from '../check/authenticate.ts';
import type { Check, Decision, IncumbentAnswer } from '../check/types.ts';
import { compare, type StatusOf } from './compare.ts';
import type { AskIncumbent } from './incumbent.ts';

/** Makes the check. Both are asked at once; where the other one gives no answer, there is none. */
export function createShadowedCheck(own: Check, ask: AskIncumbent, statusOf: StatusOf): Check {
  return async (request) => {
    const asked = ask(request).then(
      (answer): IncumbentAnswer | Error => answer,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
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
