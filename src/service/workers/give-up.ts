/** Decides when the pool gives up because no worker keeps running. Time is counted in ticks, so the time in which the process is suspended does not count. */

/**
 * While no worker listens, the pool gives up after `maxTime` milliseconds. If at least `exits` workers have exited, it gives
 * up after `minTime` milliseconds.
 */
const limits = { exits: 10, minTime: 60_000, maxTime: 600_000 };

/** The recent history of the workers. */
export interface GiveUp {
  /** Call periodically, with the interval in milliseconds. */
  readonly tick: (interval: number) => void;
  /** A worker started to listen. */
  readonly listens: () => void;
  /** A worker exited. */
  readonly workerExited: () => void;
  /** The last worker that listened exited. */
  readonly lastListenerExited: () => void;
  /** The sum of all ticks, in milliseconds. */
  readonly elapsed: () => number;
  /** Whether a start that began at this value of `elapsed` has taken too long. */
  readonly isOverdue: (startedAt: number) => boolean;
  /**
   * Call while no worker listens.
   *
   * @param hasListened whether a worker has ever listened; if not, 10 exits are enough
   * @returns the reason to give up, or undefined
   */
  readonly reason: (hasListened: boolean) => Error | undefined;
}

/** Creates an empty history. */
export function createGiveUp(): GiveUp {
  let elapsed = 0;
  let noneSince = 0;
  let exits = 0;
  return {
    tick: (interval) => {
      elapsed += interval;
    },
    listens: () => {
      exits = 0;
    },
    workerExited: () => {
      exits++;
    },
    lastListenerExited: () => {
      noneSince = elapsed;
    },
    elapsed: () => elapsed,
    isOverdue: (startedAt) => elapsed - startedAt > limits.maxTime,
    reason: (hasListened) => {
      const time = elapsed - noneSince;
      const areExiting = exits >= limits.exits && (!hasListened || time > limits.minTime);
      if (!areExiting && time <= limits.maxTime) return undefined;
      return new Error(
        `no worker has listened for ${Math.round(time / 1000)} s, and ${exits} workers have exited`,
      );
    },
  };
}
