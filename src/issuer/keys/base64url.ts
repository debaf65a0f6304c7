/** The numbers of a published key as bytes (RFC 7518 section 2). */

/**
 * Decodes base64url. Padding is skipped: it must not be there (RFC 7515 section 2), and changes nothing.
 *
 * @returns undefined if it is something else
 */
export function base64urlBytes(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const [, digits = ''] = /^([A-Za-z0-9_-]+)=*$/.exec(value) ?? [];
  return digits === '' || digits.length % 4 === 1 ? undefined : Buffer.from(digits, 'base64url');
}

/**
 * Decodes a whole number, of which zeros in front are no part: some issuers write the zero of a sign.
 *
 * @returns undefined if it is something else
 */
export function integerBytes(value: unknown): Buffer | undefined {
  const bytes = base64urlBytes(value);
  if (bytes === undefined) return undefined;
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? Buffer.alloc(0) : bytes.subarray(start);
}
