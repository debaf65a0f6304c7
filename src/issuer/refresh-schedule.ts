/** When the keys of an issuer are fetched next. */
import type { Config } from '../config/declare/options.ts';

/** While there are no keys at all, a try begins at most this long after the last one ended, in milliseconds. */
const retryWithoutKeys = { min: 1_000, max: 1_500 };

/** The longest pause between two tries while keys serve on, in milliseconds. */
const longestBackOff = 30_000;

/** The pause after a success: never longer than configured, so that a withdrawn key is gone by then. */
export function refreshDelay(maxAge: number | undefined, timing: Config['keys'], random: number): number {
  const { refreshInterval, minRefreshInterval } = timing;
  const wanted = Math.max(maxAge ?? refreshInterval, minRefreshInterval);
  return Math.min(wanted, refreshInterval) * (1 - random / 10);
}

/** The pause after a failure. */
export function retryDelay(failures: number, hasKeys: boolean, random: number): number {
  if (!hasKeys) return retryWithoutKeys.min + (retryWithoutKeys.max - retryWithoutKeys.min) * random;
  return Math.min(longestBackOff, 1_000 * 2 ** Math.min(failures, 10)) * (1 - random / 2);
}
