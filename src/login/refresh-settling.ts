/**
 * Waits after an interruption of the store before a refresh token is used. Processes that renewed sessions before or during it first write the
 * new tokens, and the store may only have the old ones.
 */
import type { Clock } from '../runtime/time/clock.ts';
import type { SharedSessions } from '../session/session-store.ts';

/** The time after a new connection, in milliseconds. Other processes connect within a second, and then write within another. */
const settlingTime = 2_000;

/** Creates the answer whether the store has settled. It has if it was connected at the start of the process, and ever since. */
export function createSettling(
  shared: () => Pick<SharedSessions, 'connectedAt'>,
  clock: Pick<Clock, 'now' | 'monotonic'>,
): () => boolean {
  let connection = shared().connectedAt();
  let since = Number.NEGATIVE_INFINITY;
  return () => {
    const connectedAt = shared().connectedAt();
    if (connectedAt !== connection) [connection, since] = [connectedAt, clock.monotonic()];
    if (connectedAt === undefined) return false;
    // The connection may have been made long before anyone asked.
    return clock.monotonic() - since >= settlingTime || clock.now() - connectedAt >= settlingTime;
  };
}
