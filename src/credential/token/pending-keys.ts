/**
 * Checks that wait until a key has been fetched. A client can name as many unknown keys as it likes, and an issuer can hang, so
 * neither may decide how many wait, nor for how long.
 */
import type { Clock } from '../../runtime/time/clock.ts';

/** The checks that wait for keys of one issuer. */
export interface KeyWaits {
  /**
   * Waits until a fetch has ended, and no longer than a check may.
   *
   * @param begin begins the fetch, or joins one that is under way; undefined: none is due
   * @returns whether the fetch has ended, so that it is worth to look again; undefined: nothing to wait for, look no further
   */
  readonly wait: (begin: () => Promise<void> | undefined) => Promise<boolean> | undefined;
}

/** Bounds of the waits. */
export interface KeyWaitsOptions {
  /** The most checks that wait at once. */
  readonly maxWaiting: number;
  /** The longest wait, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
}

/** More than so many checks at once are a crowd. Its answers take time of their own, so it waits only this part of the longest wait. */
const mostInPeace = 8;
const shareOfCrowd = 1 / 3;

/**
 * Makes the waits of one issuer. While a fetch is under way that was once waited for in vain, nobody begins to wait for it, and whoever
 * waits already waits no longer than a crowd does.
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
        if (waiting > mostInPeace || inVain > 0) giveUp();
        else cancel = clock.after(maxWait * (1 - shareOfCrowd), giveUp);
      };
      let cancel = clock.after(maxWait * shareOfCrowd, look);
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
