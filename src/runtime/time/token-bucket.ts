/** A token bucket: limits the rate of events, with bursts. */

/** A limit. */
export interface Bucket {
  /**
   * Takes a token from the bucket.
   *
   * @param now milliseconds of the monotonic clock
   * @returns whether one was left
   */
  readonly take: (now: number) => boolean;
  /** Returns tokens to the bucket, at most up to the burst. */
  readonly give: (amount: number) => void;
}

/** Creates a full bucket. */
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
