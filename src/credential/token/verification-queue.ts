/**
 * The queue of signatures to verify. A verification takes longer than the rest of a check. It therefore runs after the requests that
 * arrived at the same time are read, so that checks with a cached token are answered first.
 */
import type { Clock } from '../../runtime/time/clock.ts';

/** The limits of the queue. */
export interface VerificationQueueOptions {
  /** Maximum number of verifications that wait at the same time. The last token can exceed it by its number of keys. */
  readonly maxWaiting: number;
  /** The longest wait, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
}

/** The queue. */
export interface VerificationQueue<T> {
  /**
   * Adds a verification. They run in order. Tokens with more than one possible key use at most half of the queue, so that tokens without
   * `kid`, which cost more, do not displace tokens with one.
   *
   * @returns undefined if the queue is full
   */
  readonly add: (verification: Verification<T>) => Promise<T> | undefined;
}

/** A verification. */
export interface Verification<T> {
  /** The number of keys to try. Each counts as one waiting verification. */
  readonly signatures: number;
  /** When the wait started, in milliseconds of the monotonic clock. */
  readonly since: number;
  readonly verify: () => T | Promise<T>;
  /** Called instead of `verify` if the wait was too long. */
  readonly late: () => T;
}

/** The time for signatures in one turn of the event loop, in milliseconds. It limits the wait of a check with a cached token. */
const turnBudget = 25;

/**
 * How long requests are read before signatures get a turn, in milliseconds. If the CPU is short, reading a whole burst could take longer
 * than its first request can wait.
 */
const readingBudget = 25;

interface Waiting<T> extends Verification<T> {
  readonly resolve: (result: T | Promise<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** Creates an empty queue. */
export function createVerificationQueue<T>(options: VerificationQueueOptions): VerificationQueue<T> {
  const { maxWaiting, maxWait, clock } = options;
  let waiting: Waiting<T>[] = [];
  let signaturesWaiting = 0;
  /** The waiting verifications of tokens with more than one possible key. */
  let multiKeyWaiting = 0;
  let turnWantedSince = 0;

  const settle = ({ since, verify, late, resolve, reject }: Waiting<T>) => {
    try {
      resolve(clock.monotonic() - since > maxWait ? late() : verify());
    } catch (error) {
      reject(error);
    }
  };
  const work = () => {
    const end = clock.monotonic() + turnBudget;
    let settled = 0;
    for (const one of waiting) {
      signaturesWaiting -= one.signatures;
      if (one.signatures > 1) multiKeyWaiting -= one.signatures;
      settle(one);
      settled++;
      if (clock.monotonic() >= end) break;
    }
    waiting = waiting.slice(settled);
    turnWantedSince = clock.monotonic();
  };
  let isTurnDue = false;
  const turn = () => {
    isTurnDue = false;
    work();
    if (waiting.length > 0) plan();
  };
  const plan = () => {
    if (isTurnDue) return;
    isTurnDue = true;
    setImmediate(turn);
  };

  return {
    add: (verification) => {
      const now = clock.monotonic();
      if (waiting.length === 0) turnWantedSince = now;
      // Do this before the new verification is added, because its caller does not have the promise yet.
      else if (now - turnWantedSince > readingBudget) work();
      if (signaturesWaiting >= maxWaiting) return undefined;
      const isMultiKey = verification.signatures > 1;
      if (isMultiKey && multiKeyWaiting >= maxWaiting / 2) return undefined;
      signaturesWaiting += verification.signatures;
      if (isMultiKey) multiKeyWaiting += verification.signatures;
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      waiting.push({ ...verification, resolve, reject });
      plan();
      return promise;
    },
  };
}
