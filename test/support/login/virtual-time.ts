/** Time for simulations: a timer fires as soon as nothing else is left to do. */
import type { Clock } from '../../../src/runtime/time/clock.ts';

/** The time of a simulation. */
export interface VirtualTime extends Clock {
  readonly delay: (milliseconds: number) => Promise<void>;
  /** Lets a time pass, in milliseconds. */
  readonly pass: (milliseconds: number) => Promise<void>;
}

/** Creates the time. It begins at a whole hour. */
export function createVirtualTime(): VirtualTime {
  const start = 1_790_000_000_000;
  let elapsed = 0;
  let order = 0;
  const timers: { due: number; order: number; call: () => void }[] = [];
  const after = (milliseconds: number, call: () => void) => {
    const timer = { due: elapsed + Math.max(0, milliseconds), order: order++, call };
    const place = timers.findLastIndex((one) => one.due <= timer.due) + 1;
    timers.splice(place, 0, timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index >= 0) timers.splice(index, 1);
    };
  };
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after,
    delay: (milliseconds) => new Promise((resolve) => void after(milliseconds, resolve)),
    pass: async (milliseconds) => {
      const end = elapsed + milliseconds;
      // Promises that have settled continue before the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      for (let next = timers[0]; next !== undefined && next.due <= end; next = timers[0]) {
        timers.shift();
        elapsed = next.due;
        next.call();
        await new Promise((resolve) => setImmediate(resolve));
      }
      elapsed = end;
    },
  };
}
