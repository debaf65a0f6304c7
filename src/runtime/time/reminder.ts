/** Repeats a report while a problem continues. */
import type { Clock } from './clock.ts';

/** The time between two reports, in milliseconds. */
const interval = 5 * 60_000;

/** Calls a function every 5 minutes until stopped. */
export interface Reminder {
  /** Starts or restarts. The first call comes after 5 minutes. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** Creates a stopped reminder. @param remind called every 5 minutes */
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
