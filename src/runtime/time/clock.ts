/** Time as everything below the process gets it, so that tests can move it. */

/** The wall clock, a clock that never jumps, and timers on the latter. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds since some point in the past; only ever rises. */
  readonly monotonic: () => number;
  /**
   * Calls once after a time, without keeping the process alive.
   *
   * @returns cancels
   */
  readonly after: (milliseconds: number, call: () => void) => () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
