/** Waits with a limit. */
import type { Clock } from './clock.ts';

/**
 * Waits for a promise, at most for a time.
 *
 * @param milliseconds the longest wait
 * @param late provides the result if the promise has not settled by then
 */
export function withDeadline<T>(
  promise: Promise<T>,
  milliseconds: number,
  clock: Clock,
  late: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => resolve(late()));
    promise.then(
      (result) => {
        cancel();
        resolve(result);
      },
      (error) => {
        cancel();
        reject(error);
      },
    );
  });
}

/** Waits for a time, in milliseconds. */
export function sleep(milliseconds: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(milliseconds, resolve));
}
