/** Decides when the problem of an issuer is reported: when it changes, and every 5 minutes while it continues. */

import type { Clock } from '../runtime/time/clock.ts';
import { createReminder } from '../runtime/time/reminder.ts';
import { createBucket } from '../runtime/time/token-bucket.ts';

/** Reports the problem of one issuer. */
export interface ProblemReporter {
  /**
   * Sets the current problem; undefined if there is none.
   *
   * @param isReported whether the caller reports it in any case, with a change of state
   * @returns whether to report it now, because it began, changed or ended
   */
  readonly update: (problem: string | undefined, isReported: boolean) => boolean;
  /** When the problem began, in milliseconds since the epoch; undefined without a problem. */
  readonly since: () => number | undefined;
  readonly stop: () => void;
}

/** Limits the reports of a problem that keeps changing, so they do not flood the log. */
const changes = { burst: 10, perSecond: 1 / 30 };

/** Creates a reporter. @param repeat reports the problem again */
export function createProblemReporter(clock: Clock, repeat: () => void): ProblemReporter {
  const budget = createBucket(changes);
  const reminder = createReminder(clock, repeat);
  let reported: string | undefined;
  let since: number | undefined;

  return {
    update: (problem, isReported) => {
      if (problem === undefined) {
        const hasEnded = since !== undefined;
        reminder.stop();
        [reported, since] = [undefined, undefined];
        return hasEnded && !isReported;
      }
      since ??= clock.now();
      if (!isReported && (problem === reported || !budget.take(clock.monotonic()))) return false;
      reported = problem;
      reminder.start();
      return !isReported;
    },
    since: () => since,
    stop: reminder.stop,
  };
}
