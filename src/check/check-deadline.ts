/** One deadline for a whole check: whatever it waits for, its answer leaves before the mesh gives up. */

import type { Decision } from '../model/decision.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { Authenticate } from './authenticate.ts';

const overloaded: Decision = { outcome: 'error', reason: 'overloaded' };

/**
 * Bounds an authentication in time: one that has not settled by the deadline ends as `overloaded`. A check waits for nothing
 * else of its own, so this bounds the whole check. What is answered at once costs nothing here.
 *
 * @param deadline the longest time for all that a check waits for, in milliseconds
 */
export function inTime(authenticate: Authenticate, deadline: number, clock: Clock): Authenticate {
  return (request, admit) => {
    const decision = authenticate(request, admit);
    return decision instanceof Promise ? withDeadline(decision, deadline, clock, () => overloaded) : decision;
  };
}
