/** Clocks and timers, which tests replace. */

/** A wall clock, a monotonic clock, and timers. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds since an arbitrary point in the past. Never decreases. */
  readonly monotonic: () => number;
  /**
   * Calls a function once after a time. The timer does not keep the process alive.
   *
   * @returns a function that cancels the timer
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
