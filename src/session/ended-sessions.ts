/** The sessions that this process ended. A sealed cookie cannot be taken back, so the ID of its session is kept until it is too old. */
import { LRUCache } from 'lru-cache';

/** The ended sessions. */
export interface EndedSessions {
  /** @param until milliseconds of a clock that never jumps: when the session is too old in any case */
  readonly add: (id: string, until: number) => void;
  /** @param now milliseconds of the same clock */
  readonly has: (id: string, now: number) => boolean;
  readonly size: () => number;
}

/** Maximum number of ended sessions. Beyond it, the oldest is forgotten. An entry needs some 200 bytes. */
export const maxEnded = 100_000;

/** Creates an empty list. */
export function createEndedSessions(): EndedSessions {
  const ended = new LRUCache<string, number>({ max: maxEnded });
  return {
    add: (id, until) => {
      ended.delete(id);
      ended.set(id, until);
    },
    has: (id, now) => {
      const until = ended.size === 0 ? undefined : ended.peek(id);
      if (until === undefined) return false;
      if (now < until) return true;
      ended.delete(id);
      return false;
    },
    size: () => ended.size,
  };
}
