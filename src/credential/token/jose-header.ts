/** Reads the JOSE header of a token (RFC 7515 section 4). */

import type { Algorithm } from '../../config/declare/issuer-options.ts';
import { isKeyId, toAlgorithm } from '../../issuer/keys/kid-and-alg.ts';
import type { DenyReason } from '../../model/reasons.ts';
import { readJsonObject } from './json.ts';

/** The header parameters that a check uses. */
export interface JoseHeader {
  /** `Ed25519` (RFC 9864) is read as `EdDSA`. */
  readonly algorithm: Algorithm;
  readonly keyId: string | undefined;
  /** `typ`, unchecked; undefined if absent. */
  readonly type: unknown;
}

/**
 * Reads the header segment of a token. Its length is not limited here, because a certificate chain (`x5c`) takes kilobytes.
 *
 * `jku`, `jwk`, `x5u`, `x5c` and `x5t` are ignored, because keys come only from the configured issuer. `zip`, `enc` and `cty` are
 * ignored too: they have no meaning for a JWS whose payload is a JSON object (RFC 7515 section 4). A null parameter counts as
 * absent, except `alg` and `crit`.
 *
 * @returns the header, or the reason to deny
 */
export function readHeader(segment: string): JoseHeader | DenyReason {
  const header = readJsonObject(Buffer.from(segment, 'base64url'));
  if (header === undefined) return 'token_malformed';
  const present = (name: string) => (Object.hasOwn(header, name) ? (header[name] ?? undefined) : undefined);

  // These parameters change how the token is signed or read (RFC 7515 section 4.1.11, RFC 7797 section 3).
  if (Object.hasOwn(header, 'crit') || present('b64') !== undefined) return 'token_malformed';
  const keyId = present('kid');
  if (keyId !== undefined && !isKeyId(keyId)) return 'token_malformed';
  const algorithm = toAlgorithm(present('alg'));
  if (algorithm === undefined) return 'algorithm_not_allowed';
  return { algorithm, keyId, type: present('typ') };
}
