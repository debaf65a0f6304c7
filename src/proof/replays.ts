/** Proofs that were used, so that none is good twice (RFC 9449 section 11.1). */

/** Bounds of the store; they may change while it is in use. */
export interface ReplayBounds {
  readonly maxProofs: number;
  /** How long a proof can be good, in milliseconds. */
  readonly keepFor: number;
}

/** Remembers proofs. */
export interface ReplayStore {
  /**
   * Takes note of a proof.
   *
   * @param now the wall clock, in milliseconds
   * @returns false if it was there already, or if there is no room to remember it
   */
  readonly takeOnce: (proof: string, now: number, bounds: ReplayBounds) => boolean;
}

/** Makes an empty store. One that is full refuses: to forget a proof that is still good would make it good again. */
export function createReplayStore(): ReplayStore {
  // In the order of their coming, which is the order in which they can go.
  const goodUntil = new Map<string, number>();
  const forgetOld = (now: number) => {
    for (const [proof, until] of goodUntil) {
      if (until >= now) return;
      goodUntil.delete(proof);
    }
  };
  return {
    takeOnce: (proof, now, { maxProofs, keepFor }) => {
      forgetOld(now);
      if (goodUntil.has(proof) || goodUntil.size >= maxProofs) return false;
      goodUntil.set(proof, now + keepFor);
      return true;
    },
  };
}
