/** A token bucket: how much of something may happen in a burst, and how much in the long run. */

/** Counts against a limit. */
export interface Bucket {
  /**
   * Takes one.
   *
   * @param now milliseconds of the monotonic clock
   * @returns whether there was one left
   */
  readonly take: (now: number) => boolean;
  /** Gives some back, at most up to the burst. */
  readonly give: (amount: number) => void;
}

/** Makes a full bucket. */
export function createBucket({
  burst,
  perSecond,
}: {
  readonly burst: number;
  readonly perSecond: number;
}): Bucket {
  let level = burst;
  let filledAt: number | undefined;
  return {
    take: (now) => {
      level = Math.min(burst, level + ((now - (filledAt ?? now)) / 1000) * perSecond);
      filledAt = now;
      if (level < 1) return false;
      level--;
      return true;
    },
    give: (amount) => {
      level = Math.min(burst, level + amount);
    },
  };
}
