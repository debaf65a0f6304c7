/** When the keys of an issuer are fetched next. */
import type { Config } from '../config/declare/options.ts';

/** The pause between two attempts while there are no keys, in milliseconds. */
const retryWithoutKeys = { min: 1_000, max: 1_500 };

/** The longest pause between two attempts while the last keys stay in use, in milliseconds. */
const longestBackOff = 30_000;

/** The pause after a success, in milliseconds. At most `keys.refreshInterval`, so a withdrawn key is gone by then. */
export function refreshDelay(maxAge: number | undefined, timing: Config['keys'], random: number): number {
  const { refreshInterval, minRefreshInterval } = timing;
  const wanted = Math.max(maxAge ?? refreshInterval, minRefreshInterval);
  return Math.min(wanted, refreshInterval) * (1 - random / 10);
}

/** The pause after a failure, in milliseconds. */
export function retryDelay(failures: number, hasKeys: boolean, random: number): number {
  if (!hasKeys) return retryWithoutKeys.min + (retryWithoutKeys.max - retryWithoutKeys.min) * random;
  return Math.min(longestBackOff, 1_000 * 2 ** Math.min(failures, 10)) * (1 - random / 2);
}
