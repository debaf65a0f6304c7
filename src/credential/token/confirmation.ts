/** Reads the binding of a token to its client (RFC 7800 section 3.1). */
import type { Claims, Confirmation } from '../../model/identity.ts';
import { isObject } from './claim-path.ts';
import { claimOf } from './claims.ts';

/** The base64url of a SHA-256. */
const thumbprint = /^[A-Za-z0-9_-]{43}$/;

/**
 * Reads `cnf`.
 *
 * @returns undefined if the token is not bound; `unknown` if `cnf` has any other member than a valid `jkt` and `x5t#S256`
 */
export function readConfirmation(claims: Claims): Confirmation | 'unknown' | undefined {
  const cnf = claimOf(claims, 'cnf');
  if (cnf === undefined) return undefined;
  if (!isObject(cnf)) return 'unknown';
  const members = new Map(Object.entries(cnf).filter(([, value]) => value !== null));
  const values = ['jkt', 'x5t#S256'].map((name) => members.get(name));
  const isKnown = values.every((value) => value === undefined || isThumbprint(value));
  const [keyThumbprint, certificateThumbprint] = values.filter(
    (value) => value === undefined || isThumbprint(value),
  );
  const count = values.filter((value) => value !== undefined).length;
  return isKnown && count > 0 && count === members.size
    ? { keyThumbprint, certificateThumbprint }
    : 'unknown';
}

function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && thumbprint.test(value);
}
