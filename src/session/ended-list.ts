/** A list of ended sessions with a limit. */

/** How a session ended. `elsewhere`: another process ended it. */
export type EndedCause = 'here' | 'elsewhere' | 'back_channel' | 'front_channel';

/** The end of sessions. Times are in milliseconds of the monotonic clock if they do not say otherwise. */
export interface Ending {
  readonly cause: EndedCause;
  /** Sessions that began later have not ended, in seconds since the epoch. Infinity: every session. */
  readonly before: number;
  /** Until then, the list is the only thing that keeps the session ended. */
  readonly neededUntil: number;
  /** When the session is too old in any case. */
  readonly until: number;
}

/** A list. */
export interface EndedList {
  /** @returns whether it tells more than before */
  readonly add: (name: string, ending: Ending) => boolean;
  readonly get: (name: string) => Ending | undefined;
  /** Whether one more entry displaces one that is still needed. */
  readonly isFull: () => boolean;
  readonly size: () => number;
}

/** The same entry again, after a reconnection, differs by this time at most. */
const tolerance = 1_000;

/**
 * Creates an empty list. An entry needs some 200 bytes.
 *
 * @param most the most entries; beyond it, the oldest is forgotten
 * @param now the monotonic clock
 * @param onForgotten an entry that was still needed was forgotten
 */
export function createEndedList(most: number, now: () => number, onForgotten: () => void): EndedList {
  const endings = new Map<string, Ending>();
  const removeOld = () => {
    const time = now();
    for (const [name, { until }] of endings) {
      if (until > time) break;
      endings.delete(name);
    }
    const [oldest] = endings.size > most ? endings : [];
    if (oldest === undefined) return;
    endings.delete(oldest[0]);
    if (oldest[1].neededUntil > time) onForgotten();
  };
  return {
    add: (name, ending) => {
      const known = endings.get(name);
      const isKnown =
        known !== undefined && known.before >= ending.before && known.until > ending.until - tolerance;
      if (isKnown) return false;
      endings.delete(name);
      endings.set(name, known === undefined ? ending : joined(known, ending));
      removeOld();
      return true;
    },
    get: (name) => {
      const ending = endings.get(name);
      return ending !== undefined && ending.until > now() ? ending : undefined;
    },
    isFull: () => {
      removeOld();
      const [oldest] = endings.values();
      return endings.size >= most && oldest !== undefined && oldest.neededUntil > now();
    },
    size: () => endings.size,
  };
}

function joined(known: Ending, later: Ending): Ending {
  return {
    cause: known.cause,
    before: Math.max(known.before, later.before),
    neededUntil: Math.max(known.neededUntil, later.neededUntil),
    until: Math.max(known.until, later.until),
  };
}
