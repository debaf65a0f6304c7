/** Reads claims by type (RFC 7519 section 4). A claim with a wrong type is never converted. */

import type { ClaimName } from '../../config/values/claim-names.ts';
import type { Claims, ClaimsText } from '../../model/identity.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import { createReadClaim } from './claim-path.ts';
import { createIsOneOf } from './list-members.ts';

/** The result for a claim with a wrong type. */
export const wrongType = Symbol('wrong type');

/** The value of a claim; undefined if it is absent; `wrongType` if its type is wrong. */
export type Read<T> = T | undefined | typeof wrongType;

/** Parses the claims of a verified token or a session. */
export function readClaims(of: ClaimsText): Claims {
  return parseJson(claimsText(of)) as Claims;
}

/** Returns the claims of a verified token or a session as JSON text. */
export function claimsText({ text, form }: ClaimsText): string {
  if (form === 'json') return text;
  const start = text.indexOf('.') + 1;
  return Buffer.from(text.slice(start, text.indexOf('.', start)), 'base64url').toString();
}

/** The first date that is rejected, in seconds since the epoch: the end of the year 9999. A later date is a mistake, such as milliseconds. */
const endOfDates = 253_402_300_800;

/** Reads a NumericDate: seconds since the epoch, with optional fractions. Null counts as absent. */
export function readDate(claims: Claims, name: string): Read<number> {
  const value = claimOf(claims, name);
  if (value === undefined) return undefined;
  return typeof value === 'number' && Math.abs(value) < endOfDates ? value : wrongType;
}

/** Reads a string claim. */
export function readString(claims: Claims, name: string): Read<string> {
  const value = claimOf(claims, name);
  return value === undefined || typeof value === 'string' ? value : wrongType;
}

/** Converts a string or a list of strings to a list. */
export function stringsOf(value: unknown): Read<readonly string[]> {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((member) => typeof member === 'string') ? value : wrongType;
}

/** Returns a claim by its exact name; undefined if it is absent or null. */
export function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims[name] ?? undefined) : undefined;
}

/**
 * Returns the text of a string, number or boolean, as it is forwarded; undefined for other values. Also undefined for an integer
 * beyond 2^53, because parsing changed its last digits: the text could be the identity of another user.
 */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined;
  return Number.isFinite(value) || typeof value === 'boolean' ? String(value) : undefined;
}

type Scalar = string | number | boolean;

/** Creates a test whether a claim equals one of several values, or is a list that contains one. */
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
