/** When the problem of an issuer is told: at once when it changes, and again and again while it lasts. */
import { createBucket } from '../time/bucket.ts';
import type { Clock } from '../time/clock.ts';

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

/** The longest time between two records of a problem that lasts, in milliseconds. */
const interval = 5 * 60_000;

/** How often a problem that changes again and again is told at once: a record each second would bury the others. */
const changes = { burst: 10, perSecond: 1 / 30 };

/** Makes a watch. @param repeat tells the problem once more */
export function createProblemWatch(clock: Clock, repeat: () => void): ProblemWatch {
  const budget = createBucket(changes);
  let told: string | undefined;
  let since: number | undefined;
  let cancel = () => {};

  const wasTold = (problem: string) => {
    told = problem;
    cancel();
    cancel = clock.after(interval, () => {
      repeat();
      wasTold(problem);
    });
  };

  return {
    see: (problem, isTold) => {
      if (problem === undefined) {
        const hasEnded = since !== undefined;
        cancel();
        [told, since] = [undefined, undefined];
        return hasEnded && !isTold;
      }
      since ??= clock.now();
      if (!isTold && (problem === told || !budget.take(clock.monotonic()))) return false;
      wasTold(problem);
      return !isTold;
    },
    since: () => since,
    stop: () => cancel(),
  };
}
