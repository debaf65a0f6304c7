/** The compact form of a JWS (RFC 7515 section 7.1): its three segments, each of canonical base64url. */

/** The segments as they stand in the token. */
export interface CompactToken {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

const threeSegments = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Splits a token into its segments.
 *
 * Anything that decodes to the same bytes but is written otherwise is refused: padding, white space, and a last
 * character with unused bits set (RFC 4648 section 3.5). Without that, one token has many spellings.
 *
 * @returns undefined if the token is not in this form
 */
export function splitCompact(token: string): CompactToken | undefined {
  if (!threeSegments.test(token)) return undefined;
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, payload, signature].every(isCanonical) ? { header, payload, signature } : undefined;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function isCanonical(segment: string): boolean {
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
