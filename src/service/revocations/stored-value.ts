/** The values in the feed of revocations: an entry of the deny list, or the end of one. They are sealed. */
import type { DenyListEntry, RevocableClaim } from '../../config/load/deny-list.ts';
import { revocableClaims } from '../../config/load/deny-list.ts';

/** An entry of the deny list in the store. Times are in milliseconds since the epoch. */
export interface Revocation {
  /** The entry. It has the ID. */
  readonly entry: DenyListEntry & { readonly id: string };
  readonly note: string | undefined;
  readonly addedAt: number;
  readonly endsAt: number;
}

/** A value of the feed. */
export type StoredValue =
  | { readonly kind: 'entry'; readonly revocation: Revocation }
  /** An operator has lifted the entry with this ID. It counts even if it arrives before the entry. */
  | { readonly kind: 'lift'; readonly id: string };

/** The form of an ID: 8 random bytes in base32. */
const idPattern = /^[a-z2-7]{13}$/;

/** The JSON of a value. */
export function writeStoredValue(value: StoredValue): unknown {
  if (value.kind === 'lift') return { lift: value.id };
  const { entry, note, addedAt, endsAt } = value.revocation;
  const { id, issuer, claims, issuedBefore } = entry;
  return { id, issuer, claims, issuedBefore, note, addedAt, endsAt };
}

/** Reads the JSON of a value. @returns undefined if it has another form, such as that of a later version */
export function readStoredValue(value: unknown): StoredValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { lift, id, issuer, claims, issuedBefore, note, addedAt, endsAt, ...others } = value as Partial<
    Record<string, unknown>
  >;
  // An unknown member could restrict the entry or extend it.
  if (Object.keys(others).length > 0) return undefined;
  if (lift !== undefined)
    return isId(lift) && id === undefined && claims === undefined ? { kind: 'lift', id: lift } : undefined;
  if (!isId(id) || typeof issuer !== 'string' || !isClaims(claims)) return undefined;
  if (!isNumber(addedAt) || !isNumber(endsAt)) return undefined;
  if (issuedBefore !== undefined && !isNumber(issuedBefore)) return undefined;
  if (note !== undefined && typeof note !== 'string') return undefined;
  return {
    kind: 'entry',
    revocation: { entry: { id, issuer, claims, issuedBefore }, note, addedAt, endsAt },
  };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** An entry without claims would revoke every token of the issuer. */
function isClaims(value: unknown): value is readonly (readonly [RevocableClaim, string])[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (pair) =>
        Array.isArray(pair) &&
        pair.length === 2 &&
        revocableClaims.includes(pair[0]) &&
        typeof pair[1] === 'string',
    )
  );
}
