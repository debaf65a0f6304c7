/** Tests whether the deny list revokes a verified token. */

import type { DenyListEntry, RevocableClaim } from '../../config/load/deny-list.ts';
import { detailOf } from '../../config/values/detail-text.ts';
import type { Claims } from '../../model/identity.ts';
import { claimOf, readClaims, scalarText } from './claims.ts';
import type { Facts } from './facts.ts';
import type { Describe } from './failed-requirement.ts';
import { createRemembered } from './remembered.ts';

/** The deny list for the tokens of one issuer. */
export interface Revocation {
  /** Returns an entry that revokes a token, or undefined. Runs on every check, even for a cached token. */
  readonly find: (facts: Facts) => DenyListEntry | undefined;
  readonly describe: Describe;
  /** Whether the list has entries for this issuer. */
  readonly hasEntries: () => boolean;
}

/** Returns the current deny list: the same object until the list changes. */
export type CurrentDenyList = () => readonly DenyListEntry[];

/** A list, prepared for the tokens of one issuer. */
interface Prepared {
  readonly list: readonly DenyListEntry[];
  /** A tiny object, so that a result of an old list does not keep the list. */
  readonly version: object;
  /** Undefined if the list has no entry of the issuer. */
  readonly find: Revocation['find'] | undefined;
}

/**
 * Creates the test for the tokens of one issuer. Its result is cached with the token until the list changes.
 *
 * @param issuer the exact `iss`
 * @param file `denyList.file`
 */
export function createRevocation(denyList: CurrentDenyList, issuer: string, file: string): Revocation {
  let prepared = prepare(denyList(), issuer);
  const current = () => {
    const list = denyList();
    if (list !== prepared.list) prepared = prepare(list, issuer);
    return prepared;
  };
  const findOnce = createRemembered(
    (facts: Facts) => current().find?.(facts),
    () => current().version,
  );
  const find: Revocation['find'] = (facts) => (current().find === undefined ? undefined : findOnce(facts));
  return {
    find,
    hasEntries: () => current().find !== undefined,
    describe: (facts) => {
      const entry = find(facts);
      // The names of the claims, not their values.
      const claims = entry?.claims.map(([name]) => name).join(' and ');
      const option = entry?.id === undefined ? 'denyList.file' : 'denyList.store';
      const found = entry === undefined ? 'none' : `an entry with ${claims}`;
      const observation = {
        step: 'revocation',
        subject: 'the deny list',
        expected: 'no entry for the token',
        found,
        option,
      } as const;
      if (entry === undefined) return detailOf(observation);
      const place =
        entry.id === undefined
          ? `entries[${denyList().indexOf(entry)}] of ${file}`
          : `the entry ${entry.id} of the store`;
      return detailOf(observation, `${place} revokes the token by its ${claims}`);
    },
  };
}

function prepare(list: readonly DenyListEntry[], issuer: string): Prepared {
  const entries = list.filter((entry) => entry.issuer === issuer);
  const byFirstClaim = Map.groupBy(entries, ({ claims: [first] }) => nameOf(first?.[0], first?.[1]));
  const names = new Set(entries.flatMap(({ claims: [first] }) => (first === undefined ? [] : [first[0]])));
  const find: Revocation['find'] = (facts) => {
    const claims = readClaims(facts);
    return [...names]
      .flatMap((name) => byFirstClaim.get(nameOf(name, textOf(claims, name))) ?? [])
      .find((entry) => matches(entry, claims, facts.issuedAt));
  };
  return { list, version: {}, find: entries.length === 0 ? undefined : find };
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
