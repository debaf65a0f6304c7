/**
 * Waits after an interruption of the store before a refresh token is used. Processes that renewed sessions before or during it first write the
 * new tokens, and the store may only have the old ones.
 */
import type { Clock } from '../runtime/time/clock.ts';
import type { SharedSessions } from '../session/session-store.ts';

/** The time after a new connection, in milliseconds. Other processes connect within a second, and then write within another. */
export const settlingTime = 2_000;

/** Creates the answer whether the store has settled. It has at the first connection of a process that never saw it away. */
export function createSettling(
  shared: () => Pick<SharedSessions, 'connectedAt'>,
  clock: Pick<Clock, 'now' | 'monotonic'>,
): () => boolean {
  let connection: number | undefined | 'unknown' = 'unknown';
  let since = Number.NEGATIVE_INFINITY;
  return () => {
    const connectedAt = shared().connectedAt();
    if (connectedAt !== connection) {
      if (connection !== 'unknown') since = clock.monotonic();
      connection = connectedAt;
    }
    if (connectedAt === undefined) return false;
    return clock.monotonic() - since >= settlingTime || clock.now() - connectedAt >= settlingTime;
  };
}
