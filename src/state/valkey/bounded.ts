/** Waits for the answer to a command, with a time limit. */
import type { Clock } from '../../runtime/time/clock.ts';
import { StateError } from '../state-store.ts';

/**
 * Waits for an answer, at most for a time. A later answer is ignored.
 *
 * @param longest milliseconds
 * @param onLate called if there is no answer in time
 */
export function bounded<T>(
  answer: Promise<T>,
  longest: number,
  clock: Clock,
  onLate?: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(longest, () => {
      // After a pause of this process, the answer can be in the next input of the event loop.
      setImmediate(() => {
        if (isSettled) return;
        reject(new StateError('timeout', `the store does not answer within ${longest} ms`));
        onLate?.();
      });
    });
    let isSettled = false;
    const settled = () => {
      isSettled = true;
      cancel();
    };
    answer.finally(settled).then(resolve, reject);
  });
}
