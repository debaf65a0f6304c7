/**
 * The tickets whose session the store did not have just now. A session that has ended never comes back, but its ticket can be sent for ever.
 * Without this list, one client could keep the store busy, and take the places of others while the store is slow.
 */
import { forgetOldest } from '../runtime/forget-oldest.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** The list. */
export interface GoneTickets {
  /** @param digest the SHA-256 of the cookie */
  readonly add: (digest: string) => void;
  readonly has: (digest: string) => boolean;
}

/** How long the store is not asked again, in milliseconds. */
const life = 60_000;

/** The most tickets. Each needs some 150 bytes. */
const most = 10_000;

/** Creates an empty list. */
export function createGoneTickets({ monotonic }: Pick<Clock, 'monotonic'>): GoneTickets {
  const until = new Map<string, number>();
  return {
    add: (digest) => {
      until.delete(digest);
      until.set(digest, monotonic() + life);
      forgetOldest(until, most);
    },
    has: (digest) => {
      const end = until.get(digest);
      if (end === undefined) return false;
      if (end > monotonic()) return true;
      until.delete(digest);
      return false;
    },
  };
}
