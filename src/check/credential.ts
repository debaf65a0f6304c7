/** Reads the token from the authorization header (RFC 6750 section 2.1, RFC 9449 section 7.1, RFC 9110 section 11.6.2). */
import type { DenyReason } from '../model/reasons.ts';

/** The scheme of the header: a bearer token, or a token with a proof of possession. */
export type Scheme = 'bearer' | 'dpop';

/** The unverified token, or the reason why there is none. */
export type Credential =
  | { readonly scheme: Scheme; readonly token: string }
  | { readonly reason: DenyReason };

const missing: Credential = { reason: 'token_missing' };
const duplicated: Credential = { reason: 'token_duplicated' };
const malformed: Credential = { reason: 'token_malformed' };

const space = 0x20;
const tab = 0x09;

/**
 * Reads the token.
 *
 * @param authorization the value of every authorization header line
 * @param schemes the accepted schemes; a header with another scheme counts as absent
 */
export function readCredential(authorization: readonly string[], schemes: readonly Scheme[]): Credential {
  const [value] = authorization;
  if (value === undefined) return missing;
  if (authorization.length > 1) return duplicated;

  const start = skipSpace(value, 0, true);
  const scheme = schemes.find((candidate) => hasScheme(value, start, candidate));
  if (scheme === undefined) return missing;
  const afterScheme = start + scheme.length;
  const tokenStart = skipSpace(value, afterScheme, false);
  const token = value.slice(tokenStart, trimmedEnd(value));
  if (tokenStart === afterScheme || token === '')
    return value.includes(',', afterScheme) ? duplicated : malformed;
  return { scheme, token };
}

/** Whether the value has this scheme at `start`, in any case, and not a longer word. */
function hasScheme(value: string, start: number, scheme: Scheme): boolean {
  for (let index = 0; index < scheme.length; index++) {
    // An upper-case ASCII letter differs from its lower-case letter only in the bit 0x20.
    if ((value.charCodeAt(start + index) | 0x20) !== scheme.charCodeAt(index)) return false;
  }
  const next = value.charCodeAt(start + scheme.length);
  return next === space || Number.isNaN(next) || !isTokenCharacter(next);
}

function skipSpace(value: string, from: number, skipTabs: boolean): number {
  let index = from;
  while (value.charCodeAt(index) === space || (skipTabs && value.charCodeAt(index) === tab)) index++;
  return index;
}

function trimmedEnd(value: string): number {
  let end = value.length;
  while (end > 0 && (value.charCodeAt(end - 1) === space || value.charCodeAt(end - 1) === tab)) end--;
  return end;
}

/** Whether a character can be part of a scheme (tchar, RFC 9110 section 5.6.2). */
function isTokenCharacter(code: number): boolean {
  return /[A-Za-z0-9!#$%&'*+.^_`|~-]/.test(String.fromCharCode(code));
}
