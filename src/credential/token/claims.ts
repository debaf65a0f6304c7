/** Typed reading of claims (RFC 7519 section 4). A claim of another type than it must have is not guessed at. */

import type { ClaimName } from '../../config/values/claim-names.ts';
import type { Claims } from '../../model/identity.ts';
import { createReadClaim } from './claim-path.ts';
import { createIsOneOf } from './list-members.ts';

/** Stands for a claim that is present with a type that it must not have. */
export const wrongType = Symbol('wrong type');

/** A claim that was found of the right type, was absent, or was of the wrong type. */
export type Read<T> = T | undefined | typeof wrongType;

/** The claims in the payload of a token that was verified. */
export function readClaims(payload: string): Claims {
  return JSON.parse(payload) as Claims;
}

/**
 * Where the dates end that are believed, in seconds since the epoch: with the year 9999. What lies beyond is a mistake such as
 * milliseconds, and would make a token that never expires.
 */
const endOfDates = 253_402_300_800;

/** Reads a NumericDate: seconds since the epoch, fractions allowed. One that is null is as if absent, as every claim. */
export function readDate(claims: Claims, name: string): Read<number> {
  const value = claimOf(claims, name);
  if (value === undefined) return undefined;
  return typeof value === 'number' && Math.abs(value) < endOfDates ? value : wrongType;
}

/** Reads a string. */
export function readString(claims: Claims, name: string): Read<string> {
  const value = claimOf(claims, name);
  return value === undefined || typeof value === 'string' ? value : wrongType;
}

/** A string or a list of strings, as a list. */
export function stringsOf(value: unknown): Read<readonly string[]> {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((member) => typeof member === 'string') ? value : wrongType;
}

/** A claim by its name as it stands; undefined where it is absent or null. */
export function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims[name] ?? undefined) : undefined;
}

/**
 * The text that a plain value is forwarded as; undefined for any other, and for a whole number beyond 2^53, of which the last
 * digits were lost in reading: it would be that of somebody else.
 */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined;
  return Number.isFinite(value) || typeof value === 'boolean' ? String(value) : undefined;
}

type Scalar = string | number | boolean;

/** Makes what says whether a claim is one of some values, or a list that holds one. */
export function createClaimHoldsOne(
  name: ClaimName,
  wanted: Scalar | readonly Scalar[],
): (claims: Claims) => boolean {
  const read = createReadClaim(name);
  const isOne = createIsOneOf<unknown>([wanted].flat());
  return (claims) => {
    const value = read(claims);
    return Array.isArray(value) ? value.some(isOne) : isOne(value);
  };
}

/** Makes what says whether claims fulfil all that is required of them, by name. */
export function createFulfils(
  required: Readonly<Record<string, Scalar | readonly Scalar[]>>,
): (claims: Claims) => boolean {
  const wanted = Object.entries(required).map(([name, values]) => createClaimHoldsOne(name, values));
  return (claims) => wanted.every((holdsOne) => holdsOne(claims));
}
