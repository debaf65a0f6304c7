/** Decodes the numbers of a published key (RFC 7518 section 2). */

/**
 * Decodes base64url. Padding is ignored: RFC 7515 section 2 forbids it, but some issuers add it.
 *
 * @returns undefined if the value is not base64url
 */
export function base64urlBytes(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const [, digits = ''] = /^([A-Za-z0-9_-]+)=*$/.exec(value) ?? [];
  return digits === '' || digits.length % 4 === 1 ? undefined : Buffer.from(digits, 'base64url');
}

/**
 * Decodes an unsigned integer without leading zeros. Some issuers add a leading zero as the sign.
 *
 * @returns undefined if the value is not base64url
 */
export function integerBytes(value: unknown): Buffer | undefined {
  const bytes = base64urlBytes(value);
  if (bytes === undefined) return undefined;
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? Buffer.alloc(0) : bytes.subarray(start);
}
