/** The JOSE header of a token (RFC 7515 section 4). */

import type { DenyReason } from '../check/reasons.ts';
import type { Algorithm } from '../config/issuer-options.ts';
import { isKeyId, toAlgorithm } from '../issuer/key-name.ts';
import { readJsonObject } from './json.ts';

/** The longest header, decoded, in bytes. */
const maxHeaderBytes = 4 * 1024;

/** What a header says of the key and the kind of token. */
export interface JoseHeader {
  /** `Ed25519` (RFC 9864) reads as `EdDSA`. */
  readonly algorithm: Algorithm;
  readonly keyId: string | undefined;
  /** `typ`, unchecked; undefined if absent. */
  readonly type: unknown;
}

// Each of these changes what the token means (RFC 7515 section 4.1.11, RFC 7797 section 3, RFC 7516 section 4.1.3).
const unsupportedParameters = ['crit', 'b64', 'zip'];

/**
 * Reads the header segment of a token.
 *
 * `jku`, `jwk`, `x5u`, `x5c` and `x5t` are not looked at: keys come from the configured issuer alone.
 *
 * @returns the header, or the reason to deny
 */
export function readHeader(segment: string): JoseHeader | DenyReason {
  const bytes = Buffer.from(segment, 'base64url');
  const header = bytes.length <= maxHeaderBytes ? readJsonObject(bytes) : undefined;
  if (header === undefined) return 'token_malformed';
  const has = (name: string) => Object.hasOwn(header, name);

  if (unsupportedParameters.some(has)) return 'token_malformed';
  if (has('cty') && isNestedToken(header.cty)) return 'token_malformed';
  if (has('kid') && !isKeyId(header.kid)) return 'token_malformed';
  const algorithm = has('alg') ? toAlgorithm(header.alg) : undefined;
  if (algorithm === undefined) return 'algorithm_not_allowed';
  return {
    algorithm,
    keyId: has('kid') ? (header.kid as string) : undefined,
    type: has('typ') ? header.typ : undefined,
  };
}

/** Whether the payload would be another token (RFC 7519 section 5.2). */
function isNestedToken(contentType: unknown): boolean {
  return typeof contentType !== 'string' || /^(application\/)?jwt$/i.test(contentType);
}
