/** Tests whether the deny list revokes a verified token. */

import type { DenyListEntry, RevocableClaim } from '../../config/load/deny-list.ts';
import type { Claims } from '../../model/identity.ts';
import { claimOf, readClaims, scalarText } from './claims.ts';
import type { Facts } from './facts.ts';

/** Whether a token is revoked. Runs on every check, even for a cached token. */
export type IsRevoked = (facts: Facts) => boolean;

const never: IsRevoked = () => false;

/**
 * Creates the test for the tokens of one issuer. Its result is cached with the token.
 *
 * @param issuer the exact `iss`
 */
export function createIsRevoked(denyList: readonly DenyListEntry[], issuer: string): IsRevoked {
  const entries = denyList.filter((entry) => entry.issuer === issuer);
  if (entries.length === 0) return never;
  const byFirstClaim = Map.groupBy(entries, ({ claims: [first] }) => nameOf(first?.[0], first?.[1]));
  const names = new Set(entries.flatMap(({ claims: [first] }) => (first === undefined ? [] : [first[0]])));
  const results = new WeakMap<Facts, boolean>();

  const test = ({ payload, issuedAt }: Facts): boolean => {
    const claims = readClaims(payload);
    return [...names]
      .flatMap((name) => byFirstClaim.get(nameOf(name, textOf(claims, name))) ?? [])
      .some((entry) => matches(entry, claims, issuedAt));
  };
  return (facts) => results.getOrInsertComputed(facts, test);
}

function matches(
  { claims: wanted, issuedBefore }: DenyListEntry,
  claims: Claims,
  issuedAt: Facts['issuedAt'],
): boolean {
  if (!wanted.every(([name, value]) => textOf(claims, name) === value)) return false;
  // A token without `iat` cannot be newer than the entry.
  return issuedBefore === undefined || typeof issuedAt !== 'number' || issuedAt < issuedBefore;
}

function textOf(claims: Claims, name: RevocableClaim): string | undefined {
  // The text of a number is compared, as it is the text that is forwarded.
  return scalarText(claimOf(claims, name));
}

function nameOf(name: string | undefined, value: string | undefined): string {
  return `${name} ${value}`;
}
