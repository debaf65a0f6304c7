/** A clock that only the test advances. */
import type { Clock } from '../../src/runtime/time/clock.ts';

/** A test clock. */
export interface TestClock extends Clock {
  /** Advances the clock by milliseconds, calls due timers in order, and waits for their promises. */
  readonly advance: (milliseconds: number) => Promise<void>;
  /** Advances the clock without calling due timers, as during long work. */
  readonly pass: (milliseconds: number) => void;
  /** Sets only the wall clock, like an operator or NTP. */
  readonly jump: (milliseconds: number) => void;
}

/** Creates a clock with the current time. */
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
        // Timers that became due during the work are called late.
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

/** Waits until all settled promises have continued. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
