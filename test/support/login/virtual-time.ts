/** Time for simulations: a timer fires as soon as nothing else is left to do. */
import type { Clock } from '../../../src/runtime/time/clock.ts';

/** The time of a simulation. */
export interface VirtualTime extends Clock {
  readonly delay: (milliseconds: number) => Promise<void>;
  /** Lets a time pass, in milliseconds. */
  readonly pass: (milliseconds: number) => Promise<void>;
  /** Lets a time pass in which no process runs, in milliseconds. Timers are late. */
  readonly stall: (milliseconds: number) => void;
}

/** Creates the time. It begins at a whole hour. */
export function createVirtualTime(): VirtualTime {
  const start = 1_790_000_000_000;
  let elapsed = 0;
  const timers = createQueue();
  const after = (milliseconds: number, call: () => void) =>
    timers.add(elapsed + Math.max(0, milliseconds), call);
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after,
    delay: (milliseconds) => new Promise((resolve) => void after(milliseconds, resolve)),
    pass: async (milliseconds) => {
      const end = elapsed + milliseconds;
      // Promises that have settled continue before the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      for (let next = timers.take(end); next !== undefined; next = timers.take(end)) {
        elapsed = Math.max(elapsed, next.due);
        next.call();
        await new Promise((resolve) => setImmediate(resolve));
      }
      elapsed = end;
    },
    stall: (milliseconds) => {
      elapsed += milliseconds;
    },
  };
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly call: () => void;
}

/** A binary heap of timers: the first one that is due, and of several the one that was added first. */
function createQueue() {
  const heap: Timer[] = [];
  const cancelled = new Set<Timer>();
  let order = 0;
  const isBefore = (one: Timer | undefined, other: Timer | undefined) =>
    one !== undefined &&
    other !== undefined &&
    (one.due < other.due || (one.due === other.due && one.order < other.order));
  const swap = (one: number, other: number) => {
    const [first, second] = [heap[one], heap[other]];
    if (first !== undefined && second !== undefined) [heap[one], heap[other]] = [second, first];
  };
  const rise = (from: number) => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at], heap[parent])) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = () => {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = isBefore(heap[right], heap[left]) ? right : left;
      if (!isBefore(heap[least], heap[at])) return;
      swap(at, least);
      at = least;
    }
  };
  return {
    /** @returns a function that cancels the timer */
    add: (due: number, call: () => void) => {
      const timer = { due, order: order++, call };
      rise(heap.push(timer) - 1);
      return () => void cancelled.add(timer);
    },
    /** Takes the first timer that is due at a time. */
    take: (time: number): Timer | undefined => {
      for (let first = heap[0]; first !== undefined && first.due <= time; first = heap[0]) {
        swap(0, heap.length - 1);
        heap.pop();
        sink();
        if (!cancelled.delete(first)) return first;
      }
      return undefined;
    },
  };
}
