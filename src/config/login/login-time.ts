/** The time of a request that waits for an issuer: for the end of a login, or for a refresh. */
import type { Config } from '../declare/options.ts';

/** The longest wait, in milliseconds. */
const longest = 5_000;

/** The part of the mesh's timeout that a request may wait, so that it is still answered in time. */
const shareOfMeshTimeout = 0.8;

/** The time, in milliseconds. */
export function loginTime({ meshTimeout }: Pick<Config['limits'], 'meshTimeout'>): number {
  return Math.min(longest, Math.floor(meshTimeout * shareOfMeshTimeout));
}
