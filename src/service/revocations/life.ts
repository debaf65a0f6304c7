/** The life of an entry of the deny list in the store, in milliseconds. */
import type { Config } from '../../config/declare/options.ts';

/** The shortest life: one minute. */
export const shortestLife = 60_000;

/** The longest life: 30 days. */
export const longestLife = 30 * 24 * 3_600_000;

/** The life of most access tokens is shorter than a day. */
const aDay = 24 * 3_600_000;

/** The life without `for`: one day, or `sessions.maxAge` if that is longer, so that the entry outlives each session that it ends. */
export function defaultLife({ sessions }: Pick<Config, 'sessions'>): number {
  return Math.min(longestLife, Math.max(aDay, sessions?.maxAge ?? 0));
}
