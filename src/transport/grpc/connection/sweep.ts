/**
 * The limits of time of connections and calls. They are counted in sweeps over all connections, so a stall of this process ends
 * nothing: it delays the sweep, and what has arrived meanwhile is read first.
 */

/** The time between two sweeps, in milliseconds. */
export const sweepInterval = 250;

/** The number of sweeps in a time in milliseconds. */
export function sweepsIn(milliseconds: number): number {
  return milliseconds / sweepInterval;
}
