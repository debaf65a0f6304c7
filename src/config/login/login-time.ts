/** The times of a request that waits for an issuer: for the end of a login, or for a refresh. */
import type { Config } from '../declare/options.ts';

/** The option that limits both. */
type Limits = Pick<Config['limits'], 'meshTimeout'>;

/** The longest times, in milliseconds, and as parts of the mesh's timeout. That of the issuer is shorter, so that its end has an answer. */
const longest = { check: 5_000, issuer: 4_800 } as const;
const shareOfMeshTimeout = { check: 0.8, issuer: 0.75 } as const;

/** The time of the whole check, in milliseconds. */
export function loginTime({ meshTimeout }: Limits): number {
  return Math.min(longest.check, Math.floor(meshTimeout * shareOfMeshTimeout.check));
}

/** The part of it that the issuer has, in milliseconds. */
export function issuerTime({ meshTimeout }: Limits): number {
  return Math.min(longest.issuer, Math.floor(meshTimeout * shareOfMeshTimeout.issuer));
}
