/**
 * Limits the renewals that ask an issuer at the same time, so that many sessions that end together do not overload it. After a failure, the
 * limit halves; each answer raises it again.
 */
import type { Clock } from '../runtime/time/clock.ts';

/** A place at the issuer. */
export interface Place {
  /** Leaves it to the next renewal. */
  readonly leave: () => void;
  readonly answered: () => void;
  readonly failed: () => void;
}

/** The lines of all issuers. */
export interface RefreshLines {
  /**
   * Waits for a place.
   *
   * @param isUrgent whether a request waits. A renewal without one never waits, and leaves half of the places to the others.
   * @returns undefined if there is no place in time. Synchronous if that is known at once
   */
  readonly enter: (issuer: string, isUrgent: boolean) => Place | undefined | Promise<Place | undefined>;
}

/** The result of a renewal without a place. */
export const noPlace = {
  kind: 'unavailable',
  detail: 'too many renewals already wait for an answer of the issuer',
} as const;

/** Maximum number of renewals of one issuer at the same time, and of those that wait. */
const most = { inside: 64, waiting: 10_000 } as const;

/** Creates empty lines. @param maxWait the longest wait for a place, in milliseconds */
export function createRefreshLines(maxWait: number, clock: Clock): RefreshLines {
  const lines = new Map<string, ReturnType<typeof createLine>>();
  return {
    enter: (issuer, isUrgent) =>
      lines.getOrInsertComputed(issuer, () => createLine(maxWait, clock)).enter(isUrgent),
  };
}

function createLine(maxWait: number, clock: Clock) {
  const waiting = new Set<(place: Place) => void>();
  let limit: number = most.inside;
  let inside = 0;

  const admit = (): Place => {
    inside++;
    let isInside = true;
    return {
      leave: () => {
        if (isInside) inside--;
        isInside = false;
        advance();
      },
      answered: () => {
        limit = Math.min(most.inside, limit + 1);
      },
      failed: () => {
        limit = Math.max(1, Math.floor(limit / 2));
      },
    };
  };
  const advance = () => {
    for (const next of waiting) {
      if (inside >= limit) break;
      waiting.delete(next);
      next(admit());
    }
  };

  return {
    enter: (isUrgent: boolean) => {
      if (inside < (isUrgent ? limit : limit / 2)) return admit();
      if (!isUrgent || waiting.size >= most.waiting) return undefined;
      return new Promise<Place | undefined>((resolve) => {
        const next = (place: Place) => {
          cancel();
          resolve(place);
        };
        const cancel = clock.after(maxWait, () => {
          waiting.delete(next);
          resolve(undefined);
        });
        waiting.add(next);
      });
    },
  };
}
