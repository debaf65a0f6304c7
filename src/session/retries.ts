/** Tries operations of the store again in the background, until they succeed or are of no use any more. */
import { forgetOldest } from '../runtime/forget-oldest.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** The retries. */
export interface Retries {
  /**
   * Adds an operation that failed. An operation of the same name is replaced.
   *
   * @param run rejects if it must be tried again
   * @param life milliseconds after which it is of no use
   */
  readonly add: (name: string, run: () => Promise<unknown>, life: number) => void;
  /**
   * Runs an operation once more, after a minute: a fail-over of the store can undo it. If that fails, it is added. With too many of them,
   * it does nothing.
   */
  readonly repeat: Retries['add'];
  readonly size: () => number;
}

/** Maximum number of operations that wait. Beyond it, the oldest is forgotten. */
const mostRetries = 10_000;

/** The shortest and the longest pause, in milliseconds. It doubles while operations fail. */
const shortestPause = 250;
const longestPause = 4_000;

/** The most operations that run at the same time. */
const atOnce = 16;

/** The time until an operation is repeated, in milliseconds. A fail-over is over by then. */
const untilRepeat = 60_000;

/** An operation that waits. */
interface Waiting {
  readonly run: () => Promise<unknown>;
  /** In milliseconds of the monotonic clock. */
  readonly until: number;
}

/** Creates the retries, without one. */
export function createRetries(clock: Clock): Retries {
  const waiting = new Map<string, Waiting>();
  let pause = shortestPause;
  let isPlanned = false;
  let repeats = 0;

  /** @returns whether it is done */
  const tryOne = async ([name, one]: readonly [string, Waiting]): Promise<boolean> => {
    if (clock.monotonic() < one.until) {
      try {
        await one.run();
      } catch {
        return false;
      }
    }
    if (waiting.get(name) === one) waiting.delete(name);
    return true;
  };
  /** Stops at the first part in which all fail: the store is still away. */
  const tryAll = async () => {
    const all = [...waiting];
    for (let from = 0; from < all.length; from += atOnce) {
      const done = await Promise.all(all.slice(from, from + atOnce).map(tryOne));
      if (!done.includes(true)) return false;
    }
    return true;
  };
  const plan = () => {
    if (isPlanned || waiting.size === 0) return;
    isPlanned = true;
    clock.after(pause, () => {
      void tryAll().then((isBetter) => {
        pause = isBetter ? shortestPause : Math.min(longestPause, pause * 2);
        isPlanned = false;
        plan();
      });
    });
  };

  const add: Retries['add'] = (name, run, life) => {
    waiting.delete(name);
    waiting.set(name, { run, until: clock.monotonic() + life });
    forgetOldest(waiting, mostRetries);
    plan();
  };

  return {
    add,
    repeat: (name, run, life) => {
      if (repeats >= mostRetries) return;
      repeats++;
      clock.after(untilRepeat, () => {
        repeats--;
        run().catch(() => add(name, run, life));
      });
    },
    size: () => waiting.size,
  };
}
