/** Which verified tokens the deny list revokes. */

import type { DenyListEntry, RevocableClaim } from '../../config/load/deny-list.ts';
import type { Claims } from '../../model/identity.ts';
import { claimOf, readClaims, scalarText } from './claims.ts';
import type { Facts } from './facts.ts';

/** Whether a token is revoked. It is asked on every check, also for a token that was verified earlier. */
export type IsRevoked = (facts: Facts) => boolean;

const never: IsRevoked = () => false;

/**
 * Makes the judge of one issuer's tokens. What it says of a token is remembered for as long as the token is.
 *
 * @param issuer the exact `iss`
 */
export function createIsRevoked(denyList: readonly DenyListEntry[], issuer: string): IsRevoked {
  const entries = denyList.filter((entry) => entry.issuer === issuer);
  if (entries.length === 0) return never;
  const byFirstClaim = Map.groupBy(entries, ({ claims: [first] }) => nameOf(first?.[0], first?.[1]));
  const names = new Set(entries.flatMap(({ claims: [first] }) => (first === undefined ? [] : [first[0]])));
  const remembered = new WeakMap<Facts, boolean>();

  const judge = ({ payload, issuedAt }: Facts): boolean => {
    const claims = readClaims(payload);
    return [...names]
      .flatMap((name) => byFirstClaim.get(nameOf(name, textOf(claims, name))) ?? [])
      .some((entry) => isMeant(entry, claims, issuedAt));
  };
  return (facts) => remembered.getOrInsertComputed(facts, judge);
}

function isMeant(
  { claims: wanted, issuedBefore }: DenyListEntry,
  claims: Claims,
  issuedAt: Facts['issuedAt'],
): boolean {
  if (!wanted.every(([name, value]) => textOf(claims, name) === value)) return false;
  // A token that does not say when it was issued cannot show that it is newer.
  return issuedBefore === undefined || typeof issuedAt !== 'number' || issuedAt < issuedBefore;
}

function textOf(claims: Claims, name: RevocableClaim): string | undefined {
  // A number is revoked by its text, as it is forwarded by it.
  return scalarText(claimOf(claims, name));
}

function nameOf(name: string | undefined, value: string | undefined): string {
  return `${name} ${value}`;
}
