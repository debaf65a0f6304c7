/** The JOSE header of a token (RFC 7515 section 4). */

import type { Algorithm } from '../../config/declare/issuer-options.ts';
import { isKeyId, toAlgorithm } from '../../issuer/keys/kid-and-alg.ts';
import type { DenyReason } from '../../model/reasons.ts';
import { readJsonObject } from './json.ts';

/** What a header says of the key and the kind of token. */
export interface JoseHeader {
  /** `Ed25519` (RFC 9864) reads as `EdDSA`. */
  readonly algorithm: Algorithm;
  readonly keyId: string | undefined;
  /** `typ`, unchecked; undefined if absent. */
  readonly type: unknown;
}

/**
 * Reads the header segment of a token. It may be as long as a token may be: a chain of certificates takes kilobytes.
 *
 * `jku`, `jwk`, `x5u`, `x5c` and `x5t` are not looked at: keys come from the configured issuer alone. Nor are `zip`, `enc` and `cty`,
 * which mean nothing where the payload is a JSON object (RFC 7515 section 4: what is not understood is ignored). A parameter that is null
 * is as if absent, but for `alg` and `crit`.
 *
 * @returns the header, or the reason to deny
 */
export function readHeader(segment: string): JoseHeader | DenyReason {
  const header = readJsonObject(Buffer.from(segment, 'base64url'));
  if (header === undefined) return 'token_malformed';
  const present = (name: string) => (Object.hasOwn(header, name) ? (header[name] ?? undefined) : undefined);

  // Each of these changes what is signed or how it is read (RFC 7515 section 4.1.11, RFC 7797 section 3).
  if (Object.hasOwn(header, 'crit') || present('b64') !== undefined) return 'token_malformed';
  const keyId = present('kid');
  if (keyId !== undefined && !isKeyId(keyId)) return 'token_malformed';
  const algorithm = toAlgorithm(present('alg'));
  if (algorithm === undefined) return 'algorithm_not_allowed';
  return { algorithm, keyId, type: present('typ') };
}
