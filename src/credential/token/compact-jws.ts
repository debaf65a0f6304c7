/** Splits a JWS in compact serialization (RFC 7515 section 7.1): three segments of canonical base64url. */

/** The decoded segments. */
export interface CompactToken {
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/**
 * Splits a token into its segments.
 *
 * Rejects other spellings of the same bytes: padding, white space, and unused bits in the last character (RFC 4648 section 3.5).
 * So each token has exactly one spelling.
 *
 * @returns undefined if the token does not have this form
 */
export function splitCompact(token: string): CompactToken | undefined {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first < 0 || second < 0) return undefined;
  const header = canonicalBytes(token.slice(0, first));
  const payload = canonicalBytes(token.slice(first + 1, second));
  const signature = canonicalBytes(token.slice(second + 1));
  return header === undefined || payload === undefined || signature === undefined
    ? undefined
    : { header, payload, signature };
}

/** The bytes of a segment, which is not empty; undefined if their encoding is not the segment itself. */
export function canonicalBytes(segment: string): Buffer | undefined {
  if (segment === '') return undefined;
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : undefined;
}

/** The bytes that a signature covers: the token before its last dot (RFC 7515 section 5.2). */
export function signedBytes(token: string): Buffer {
  return Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1');
}
