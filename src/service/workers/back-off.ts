/** How long the pool waits before it replaces a worker that exited. */

/** The pause before a start, in milliseconds. It doubles with each exit. While no other worker listens, it stays short. */
const pauses = { first: 100, longest: 30_000, longestWithoutOthers: 1_000 };

/** A worker that lived this long resets the count of deaths in a row, in milliseconds. */
const resetAfter = 60_000;

/** The number of deaths in a row, including that of a worker with this lifetime in milliseconds. */
export function deathsInARow(before: number, lifetime: number): number {
  return lifetime > resetAfter ? 1 : before + 1;
}

/**
 * The pause before the next start, in milliseconds.
 *
 * @param deaths in a row
 * @param random a number from 0 to 1, for jitter
 */
export function pauseAfter(deaths: number, othersListen: boolean, random: number): number {
  const longest = othersListen ? pauses.longest : pauses.longestWithoutOthers;
  return Math.min(longest, pauses.first * 2 ** (deaths - 1)) * (1 + random / 2);
}
