/** Whether it is given up to have a worker: counted in our own looks, so that no time passes while this process stands still. */

/** When it is given up, where no worker listens: so many ended in so many milliseconds, or after this many. */
const limits = { deaths: 10, in: 60_000, after: 600_000 };

/** What is known of workers that come and go. */
export interface LastResort {
  /** A look at the workers; the next one comes after this many milliseconds. */
  readonly looked: (interval: number) => void;
  readonly listens: () => void;
  readonly died: () => void;
  /** The last one that listened has gone. */
  readonly noneListens: () => void;
  /** Milliseconds in which this process was awake. */
  readonly awakeFor: () => number;
  /** Whether a start that began when we had been awake for that long has taken too long for whatever reason. */
  readonly isHopeless: (beganAt: number) => boolean;
  /**
   * Judges, where no worker listens.
   *
   * @param hasListened whether any ever did; before, nobody relies on one, and ten that ended are enough
   * @returns why it is to be given up; undefined if it is not
   */
  readonly reason: (hasListened: boolean) => Error | undefined;
}

/** Begins to count. */
export function createLastResort(): LastResort {
  let awakeFor = 0;
  let noneSince = 0;
  let deaths = 0;
  return {
    looked: (interval) => {
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
    isHopeless: (beganAt) => awakeFor - beganAt > limits.after,
    reason: (hasListened) => {
      const time = awakeFor - noneSince;
      const areDying = deaths >= limits.deaths && (!hasListened || time > limits.in);
      if (!areDying && time <= limits.after) return undefined;
      return new Error(`no worker listens since ${Math.round(time / 1000)} s, and ${deaths} have ended`);
    },
  };
}
