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
 * before waits for at most. The longer it is, the more is verified, rather than refused, beyond capacity.
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
  let next = 0;
  let spent = 0;

  const settleNext = () => {
    const one = waiting[next++];
    if (one === undefined) return;
    const started = clock.monotonic();
    try {
      one.resolve(started - one.since > maxWait ? one.late() : one.verify());
    } catch (error) {
      one.reject(error);
    }
    spent += clock.monotonic() - started;
  };
  const turn = () => {
    while (next < waiting.length && spent < turnBudget) settleNext();
    spent = 0;
    waiting = waiting.slice(next);
    next = 0;
    if (waiting.length > 0) setImmediate(turn);
  };

  return {
    add: (verification) => {
      // Room is made by working, as long as that holds up nobody for long.
      while (waiting.length - next >= maxWaiting && spent < turnBudget) settleNext();
      if (waiting.length - next >= maxWaiting) return undefined;
      if (waiting.length === 0) setImmediate(turn);
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      waiting.push({ ...verification, resolve, reject });
      return promise;
    },
  };
}
