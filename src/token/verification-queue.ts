/**
 * When signatures are verified. Verifying one takes longer than all the rest of a check, so it is put off until the
 * requests that have arrived with it were read: tokens that were verified before are answered ahead of it.
 */
import type { Clock } from '../time/clock.ts';

/** Bounds of the queue. */
export interface VerificationQueueOptions {
  /** The most that wait at once. */
  readonly maxWaiting: number;
  /** The longest wait, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
}

/** Signatures that wait to be verified. */
export interface VerificationQueue<T> {
  /**
   * Verifies before long, in the order of asking.
   *
   * @returns undefined if too many wait
   */
  readonly add: (verification: Verification<T>) => Promise<T> | undefined;
}

/** A signature to be verified. */
export interface Verification<T> {
  /** When the wait began, in milliseconds of the monotonic clock. */
  readonly since: number;
  readonly verify: () => T;
  /** Gives the answer where the wait was too long. */
  readonly late: () => T;
}

/**
 * The time that one turn of the event loop may spend on signatures, in milliseconds: what a token that was verified
 * before waits for at most.
 */
const turnBudget = 25;

interface Waiting<T> extends Verification<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes an empty queue. */
export function createVerificationQueue<T>(options: VerificationQueueOptions): VerificationQueue<T> {
  const { maxWaiting, maxWait, clock } = options;
  let waiting: Waiting<T>[] = [];

  const settle = ({ since, verify, late, resolve, reject }: Waiting<T>) => {
    try {
      resolve(clock.monotonic() - since > maxWait ? late() : verify());
    } catch (error) {
      reject(error);
    }
  };
  const turn = () => {
    const end = clock.monotonic() + turnBudget;
    let settled = 0;
    for (const one of waiting) {
      settle(one);
      settled++;
      if (clock.monotonic() >= end) break;
    }
    waiting = waiting.slice(settled);
    if (waiting.length > 0) setImmediate(turn);
  };

  return {
    add: (verification) => {
      if (waiting.length >= maxWaiting) return undefined;
      if (waiting.length === 0) setImmediate(turn);
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      waiting.push({ ...verification, resolve, reject });
      return promise;
    },
  };
}
