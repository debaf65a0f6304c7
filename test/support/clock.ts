/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/runtime/time/clock.ts';

/** A clock with its hands in reach. */
export interface TestClock extends Clock {
  /** Lets time pass, milliseconds, and calls what falls due, in order; waits for what that sets in motion. */
  readonly advance: (milliseconds: number) => Promise<void>;
  /** Lets time pass while something is at work: nothing that falls due is called. */
  readonly pass: (milliseconds: number) => void;
  /** Sets the wall clock alone, as an operator or NTP does. */
  readonly jump: (milliseconds: number) => void;
}

/** Makes a clock that shows the present. */
export function createTestClock(): TestClock {
  let wall = Date.now();
  let elapsed = 0;
  const timers = new Set<{ readonly due: number; readonly call: () => void }>();

  return {
    now: () => wall,
    monotonic: () => elapsed,
    after: (milliseconds, call) => {
      const timer = { due: elapsed + milliseconds, call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: async (milliseconds) => {
      const end = elapsed + milliseconds;
      for (;;) {
        const next = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        // What fell due while something was at work is called late.
        const now = Math.max(elapsed, next.due);
        wall += now - elapsed;
        elapsed = now;
        timers.delete(next);
        next.call();
        await settled();
      }
      wall += end - elapsed;
      elapsed = end;
      await settled();
    },
    pass: (milliseconds) => {
      wall += milliseconds;
      elapsed += milliseconds;
    },
    jump: (milliseconds) => {
      wall += milliseconds;
    },
  };
}

/** Lets every promise that is ready go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
