/** How long it takes until a worker that ended is replaced. */

/** The pause, in milliseconds: longer each time. While no other worker listens, it is short. */
const pauses = { first: 100, longest: 30_000, longestWithoutOthers: 1_000 };

/** A worker that lived for so long, in milliseconds, has those before it forgotten. */
const forgottenAfter = 60_000;

/** How many have died in a row, with one that lived for some milliseconds. */
export function deathsInARow(before: number, lifetime: number): number {
  return lifetime > forgottenAfter ? 1 : before + 1;
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
