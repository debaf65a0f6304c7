/** When the problem of an issuer is told: at once when it changes, and again and again while it lasts. */

import type { Clock } from '../runtime/time/clock.ts';
import { createReminder } from '../runtime/time/reminder.ts';
import { createBucket } from '../runtime/time/token-bucket.ts';

/** Watches the problem of one issuer. */
export interface ProblemWatch {
  /**
   * Notes the problem as it is now; undefined if there is none.
   *
   * @param isTold whether it is told anyhow, with a change of state
   * @returns whether it is to be told now: it began, changed or ended
   */
  readonly see: (problem: string | undefined, isTold: boolean) => boolean;
  /** When the issuer began to have problems, in milliseconds since the epoch; undefined while it has none. */
  readonly since: () => number | undefined;
  readonly stop: () => void;
}

/** How often a problem that changes again and again is told at once: a record each second would bury the others. */
const changes = { burst: 10, perSecond: 1 / 30 };

/** Makes a watch. @param repeat tells the problem once more */
export function createProblemWatch(clock: Clock, repeat: () => void): ProblemWatch {
  const budget = createBucket(changes);
  const reminder = createReminder(clock, repeat);
  let told: string | undefined;
  let since: number | undefined;

  return {
    see: (problem, isTold) => {
      if (problem === undefined) {
        const hasEnded = since !== undefined;
        reminder.stop();
        [told, since] = [undefined, undefined];
        return hasEnded && !isTold;
      }
      since ??= clock.now();
      if (!isTold && (problem === told || !budget.take(clock.monotonic()))) return false;
      told = problem;
      reminder.start();
      return !isTold;
    },
    since: () => since,
    stop: reminder.stop,
  };
}
