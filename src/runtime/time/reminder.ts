/** Saying again and again what lasts. */
import type { Clock } from './clock.ts';

/** The longest time between two records of a problem that lasts, in milliseconds. */
const interval = 5 * 60_000;

/** Reminds until it is stopped. */
export interface Reminder {
  /** Begins, or begins anew: the first time is one interval away. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** Makes a reminder that stands still. @param remind is called once in each five minutes */
export function createReminder(clock: Clock, remind: () => void): Reminder {
  let cancel = () => {};
  const start = () => {
    cancel();
    cancel = clock.after(interval, () => {
      start();
      remind();
    });
  };
  return { start, stop: () => cancel() };
}
