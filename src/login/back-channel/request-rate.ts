/** Limits the requests of a time. */
import type { Clock } from '../../runtime/time/clock.ts';

/** A limit. */
export interface RequestRate {
  /** The most requests in a second, in the long run. */
  readonly perSecond: number;
  /** The most requests at once. */
  readonly burst: number;
}

/** Creates a limit. @returns whether one more request is allowed */
export function createRequestRate({ perSecond, burst }: RequestRate, clock: Clock): () => boolean {
  let left = burst;
  let at = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    left = Math.min(burst, left + ((now - at) * perSecond) / 1_000);
    at = now;
    if (left < 1) return false;
    left--;
    return true;
  };
}
