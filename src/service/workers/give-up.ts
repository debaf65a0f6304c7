/** Decides when the pool gives up because no worker keeps running. Time is counted in ticks, so a suspended process does not age. */

/** While no worker listens, the pool gives up after `deaths` exits and `in` milliseconds, or after `after` milliseconds. */
const limits = { deaths: 10, in: 60_000, after: 600_000 };

/** The recent history of the workers. */
export interface GiveUp {
  /** Call periodically, with the interval in milliseconds. */
  readonly tick: (interval: number) => void;
  /** A worker started to listen. */
  readonly listens: () => void;
  /** A worker exited. */
  readonly died: () => void;
  /** The last worker that listened exited. */
  readonly noneListens: () => void;
  /** The sum of all ticks, in milliseconds. */
  readonly awakeFor: () => number;
  /** Whether a start that began at this value of `awakeFor` has taken too long. */
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
  let awakeFor = 0;
  let noneSince = 0;
  let deaths = 0;
  return {
    tick: (interval) => {
      awakeFor += interval;
    },
    listens: () => {
      deaths = 0;
    },
    died: () => {
      deaths++;
    },
    noneListens: () => {
      noneSince = awakeFor;
    },
    awakeFor: () => awakeFor,
    isOverdue: (startedAt) => awakeFor - startedAt > limits.after,
    reason: (hasListened) => {
      const time = awakeFor - noneSince;
      const areDying = deaths >= limits.deaths && (!hasListened || time > limits.in);
      if (!areDying && time <= limits.after) return undefined;
      return new Error(`no worker listens since ${Math.round(time / 1000)} s, and ${deaths} have exited`);
    },
  };
}
