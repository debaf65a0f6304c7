/** Typed reading of claims (RFC 7519 section 4). A claim of another type than it must have is not guessed at. */
import type { Claims } from '../check/types.ts';
import { createIsOneOf } from './members.ts';

/** Stands for a claim that is present with a type that it must not have. */
export const wrongType = Symbol('wrong type');

/** A claim that was found of the right type, was absent, or was of the wrong type. */
export type Read<T> = T | undefined | typeof wrongType;

/** The claims in the payload of a token that was verified. */
export function readClaims(payload: string): Claims {
  return JSON.parse(payload) as Claims;
}

/**
 * The latest NumericDate that is believed, in the year 2242. What lies beyond is a mistake such as milliseconds,
 * and would make a token that never expires.
 */
const latestDate = 2 ** 33;

/**
 * Finds a claim by its name, and failing that as a dotted path; own properties only.
 *
 * @param name e.g. `email` or `realm_access.roles`
 */
export function findClaim(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  if (!name.includes('.')) return undefined;
  return name
    .split('.')
    .reduce<unknown>(
      (value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined),
      claims,
    );
}

/** Reads a NumericDate: seconds since the epoch, fractions allowed. */
export function readDate(claims: Claims, name: string): Read<number> {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  return typeof value === 'number' && Math.abs(value) <= latestDate ? value : wrongType;
}

/** Reads a string. */
export function readString(claims: Claims, name: string): Read<string> {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  return typeof value === 'string' ? value : wrongType;
}

/** Reads a string or a list of strings, found as {@link findClaim} does. */
export function readStrings(claims: Claims, name: string): Read<readonly string[]> {
  const value = findClaim(claims, name);
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((member) => typeof member === 'string') ? value : wrongType;
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

/** Whether a claim is one of some values, or a list that holds one. */
export function claimHoldsOne(claims: Claims, name: string, wanted: Scalar | readonly Scalar[]): boolean {
  const isOne = createIsOneOf<unknown>([wanted].flat());
  const value = findClaim(claims, name);
  return Array.isArray(value) ? value.some(isOne) : isOne(value);
}

function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
