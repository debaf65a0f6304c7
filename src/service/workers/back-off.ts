/** How long the pool waits before it replaces a worker that exited. */

/** The pause before a start, in milliseconds. It doubles with each exit. While no other worker listens, it stays short. */
const pauses = { first: 100, longest: 30_000, longestWithoutOthers: 1_000 };

/** If a worker ran for longer than this, in milliseconds, the count of exits in a row starts again. */
const resetAfter = 60_000;

/**
 * Counts the exits in a row.
 *
 * @param before the count before this exit
 * @param lifetime how long the worker ran, in milliseconds
 */
export function exitsInARow(before: number, lifetime: number): number {
  return lifetime > resetAfter ? 1 : before + 1;
}

/**
 * The pause before the next start, in milliseconds.
 *
 * @param exits the number of exits in a row
 * @param random a number from 0 to 1, for jitter
 */
export function pauseAfter(exits: number, othersListen: boolean, random: number): number {
  const longest = othersListen ? pauses.longest : pauses.longestWithoutOthers;
  return Math.min(longest, pauses.first * 2 ** (exits - 1)) * (1 + random / 2);
}
