/** Splits a JWS in compact serialization (RFC 7515 section 7.1): three segments of canonical base64url. */

/** The encoded segments. */
export interface CompactToken {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

const threeSegments = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Splits a token into its segments.
 *
 * Rejects other spellings of the same bytes: padding, white space, and unused bits in the last character (RFC 4648 section 3.5).
 * So each token has exactly one spelling.
 *
 * @returns undefined if the token does not have this form
 */
export function splitCompact(token: string): CompactToken | undefined {
  if (!threeSegments.test(token)) return undefined;
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, payload, signature].every(isCanonical) ? { header, payload, signature } : undefined;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Whether the last character of a text in base64url has no unused bits that are set (RFC 4648 section 3.5). */
export function isCanonical(segment: string): boolean {
  const lastValue = alphabet.indexOf(segment.at(-1) ?? '');
  switch (segment.length % 4) {
    case 1:
      return false;
    case 2:
      return lastValue % 16 === 0;
    case 3:
      return lastValue % 4 === 0;
    default:
      return true;
  }
}
