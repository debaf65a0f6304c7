/** How long a process uses a session of the store that it has cached, without asking the store. */
import type { EndedSessions } from './ended-sessions.ts';
import type { StoredSession } from './stored-session.ts';

/** The rules. `now` is in milliseconds of the monotonic clock. */
export interface CachedUse {
  /** Whether a cached session can be used without the store. */
  readonly isUsable: (stored: StoredSession, now: number) => boolean;
  /** Whether it can be used if the store does not answer. */
  readonly isUsableAlone: (stored: StoredSession, now: number) => boolean;
}

/**
 * How long a cached session is used after the store last had it, in milliseconds. It is shorter than the time for which each process knows
 * that a session has ended, so that an ended session never comes back.
 */
const longestUnconfirmed = 4 * 60_000;

/** While the store answers, a process knows the ended sessions of the others with at most this delay, in milliseconds. */
const feedDelay = 3_000;

/** Creates the rules. Durations are in milliseconds. */
export function createCachedUse(
  { grace, idleTimeout }: { readonly grace: number; readonly idleTimeout: number },
  ended: Pick<EndedSessions, 'completeAt'>,
): CachedUse {
  const isComplete = (now: number) => now - ended.completeAt() < grace + feedDelay;
  return {
    isUsable: ({ confirmedAt }, now) =>
      now - confirmedAt < Math.min(longestUnconfirmed, idleTimeout) && isComplete(now),
    isUsableAlone: ({ confirmedAt }, now) =>
      now - confirmedAt < Math.min(longestUnconfirmed + grace, idleTimeout) && isComplete(now),
  };
}
