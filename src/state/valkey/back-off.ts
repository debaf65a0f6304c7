/** The pauses between attempts to connect. */

/** The first pause, in milliseconds. */
const first = 50;

/** The longest pause, in milliseconds: after a restart of the store, every process is back soon after that. */
const longest = 1_000;

/**
 * Returns the pause before an attempt, in milliseconds. It doubles, and has jitter, so that the processes of a large installation do
 * not connect at the same moment.
 *
 * @param failures attempts that failed in a row
 * @param random a number from 0 to 1
 */
export function pauseBefore(failures: number, random: number): number {
  const pause = Math.min(first * 2 ** Math.min(failures, 10), longest);
  return pause * (0.5 + random / 2);
}
