/** Combines changes of the list: each change of the checks costs time, and many entries can arrive at once. */
import type { Clock } from '../../runtime/time/clock.ts';

/** The changes. */
export interface Changes {
  /** The list has changed. It is applied within {@link interval}. */
  readonly changed: () => void;
  /** Resolves when the changes so far are applied. */
  readonly applied: () => Promise<void>;
  readonly stop: () => void;
}

/** The shortest time between two changes of the checks, in milliseconds. */
const interval = 250;

/** Creates the changes. The first one is applied in the next turn of the event loop. @param apply applies the list */
export function createChanges(clock: Clock, apply: () => void): Changes {
  let appliedAt = Number.NEGATIVE_INFINITY;
  let planned: PromiseWithResolvers<void> | undefined;
  let cancel = () => {};
  const applyNow = () => {
    appliedAt = clock.monotonic();
    const settled = planned;
    planned = undefined;
    apply();
    settled?.resolve();
  };
  return {
    changed: () => {
      if (planned !== undefined) return;
      planned = Promise.withResolvers();
      const wait = appliedAt + interval - clock.monotonic();
      if (wait > 0) cancel = clock.after(wait, applyNow);
      else {
        const turn = setImmediate(applyNow);
        cancel = () => clearImmediate(turn);
      }
    },
    applied: async () => planned?.promise,
    stop: () => cancel(),
  };
}
