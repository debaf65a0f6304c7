/**
 * When signatures are verified. Verifying one takes longer than all the rest of a check, so it is put off until the
 * requests that have arrived with it were read: tokens that were verified before are answered ahead of it.
 */
import type { Clock } from '../../runtime/time/clock.ts';

/** Bounds of the queue. */
export interface VerificationQueueOptions {
  /** The most verifications that wait at once. The last token that finds room may take more of it than is left. */
  readonly maxWaiting: number;
  /** The longest wait, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
}

/** Signatures that wait to be verified. */
export interface VerificationQueue<T> {
  /**
   * Verifies before long, in the order of asking. Tokens that may have to be verified with more than one key share half of the room: a
   * client that leaves the `kid` out makes its tokens dearer, and does not crowd out those that name their key.
   *
   * @returns undefined if too many wait
   */
  readonly add: (verification: Verification<T>) => Promise<T> | undefined;
}

/** A token whose signature is to be verified. */
export interface Verification<T> {
  /** With how many keys it may have to be verified: so many verifications wait. */
  readonly signatures: number;
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

/**
 * How long what has arrived is read before the signatures among it get a turn, in milliseconds. Where CPU is short, reading all of a
 * burst could take longer than the first of it can wait.
 */
const readingBudget = 25;

interface Waiting<T> extends Verification<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes an empty queue. */
export function createVerificationQueue<T>(options: VerificationQueueOptions): VerificationQueue<T> {
  const { maxWaiting, maxWait, clock } = options;
  let waiting: Waiting<T>[] = [];
  let signaturesWaiting = 0;
  /** Those among them of tokens with more than one. */
  let dearWaiting = 0;
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
      if (one.signatures > 1) dearWaiting -= one.signatures;
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
      // Not with this one among them: whoever adds it does not have its promise yet.
      else if (now - turnWantedSince > readingBudget) work();
      if (signaturesWaiting >= maxWaiting) return undefined;
      const isDear = verification.signatures > 1;
      if (isDear && dearWaiting >= maxWaiting / 2) return undefined;
      signaturesWaiting += verification.signatures;
      if (isDear) dearWaiting += verification.signatures;
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      waiting.push({ ...verification, resolve, reject });
      plan();
      return promise;
    },
  };
}
