/**
 * Limits the checks that wait for a key fetch. A client can name many unknown keys and an issuer can hang, so both the number and
 * the time of waiting checks are limited.
 */
import type { Clock } from '../../runtime/time/clock.ts';

/** The waiting checks of one issuer. */
export interface KeyWaits {
  /**
   * Waits for a fetch.
   *
   * @param begin starts a fetch or joins a running one. Returns undefined if no fetch is due.
   * @returns true if the fetch has ended and the key can be looked up again. False if the wait was too long. Undefined if the check
   * must not wait.
   */
  readonly wait: (begin: () => Promise<void> | undefined) => Promise<boolean> | undefined;
}

/** The limits of waiting checks. */
export interface KeyWaitsOptions {
  /** Maximum number of checks that wait at the same time. */
  readonly maxWaiting: number;
  /** The longest wait, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
}

/** If more checks than this wait, each waits only for a third of `maxWait`, because answering many checks takes time. */
const manyWaiting = 8;
const shareForMany = 1 / 3;

/**
 * Creates the waits of one issuer. After the wait of a check for a running fetch was too long, no other check starts to wait
 * for this fetch. Checks that already wait then wait only for a third of `maxWait` too.
 */
export function createKeyWaits({ maxWaiting, maxWait, clock }: KeyWaitsOptions): KeyWaits {
  let waiting = 0;
  let inVain = 0;

  const waitFor = (fetching: Promise<void>): Promise<boolean> =>
    new Promise((resolve) => {
      let isLate = false;
      waiting++;
      const giveUp = () => {
        isLate = true;
        waiting--;
        inVain++;
        resolve(false);
      };
      const look = () => {
        if (waiting > manyWaiting || inVain > 0) giveUp();
        else cancel = clock.after(maxWait * (1 - shareForMany), giveUp);
      };
      let cancel = clock.after(maxWait * shareForMany, look);
      void fetching.finally(() => {
        if (isLate) {
          inVain--;
          return;
        }
        cancel();
        waiting--;
        resolve(true);
      });
    });

  return {
    wait: (begin) => {
      if (inVain > 0 || waiting >= maxWaiting) return undefined;
      const fetching = begin();
      return fetching === undefined ? undefined : waitFor(fetching);
    },
  };
}
