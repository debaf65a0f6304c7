/** A public key, ready for OpenSSL to verify one algorithm with (RFC 7518 section 3.1, RFC 8037 section 3.1). */
import { constants, createPublicKey, type VerifyKeyObjectInput, verify } from 'node:crypto';
import type { Algorithm } from '../config/issuer-options.ts';
import type { PublicJwk } from './key.ts';

/**
 * Whether a signature is one of the key's over some data. Takes tens of microseconds, and never throws: whatever the
 * signature is, it is one or it is none.
 */
export type VerifySignature = (data: Buffer, signature: Buffer) => boolean;

/** How an algorithm is verified. */
interface Method {
  /** Null where the algorithm has its own. */
  readonly digest: string | null;
  readonly options?: Omit<VerifyKeyObjectInput, 'key'>;
  /** The one length of all signatures, in bytes, where the key does not say it. */
  readonly length?: number;
}

const pkcs1 = (digest: string): Method => ({ digest, options: { padding: constants.RSA_PKCS1_PADDING } });
const pss = (digest: string): Method => ({
  digest,
  options: {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  },
});
// R and S one behind the other, each as long as the curve's order (RFC 7518 section 3.4).
const ecdsa = (digest: string, length: number): Method => ({
  digest,
  options: { dsaEncoding: 'ieee-p1363' },
  length,
});

const methods: Readonly<Record<Algorithm, Method>> = {
  RS256: pkcs1('sha256'),
  RS384: pkcs1('sha384'),
  RS512: pkcs1('sha512'),
  PS256: pss('sha256'),
  PS384: pss('sha384'),
  PS512: pss('sha512'),
  ES256: ecdsa('sha256', 64),
  ES384: ecdsa('sha384', 96),
  ES512: ecdsa('sha512', 132),
  EdDSA: { digest: null, length: 64 },
};

/**
 * Imports a key for one algorithm.
 *
 * @throws Error where the numbers make no key, such as a point that is not on its curve
 */
export function importPublicKey(jwk: PublicJwk, algorithm: Algorithm): VerifySignature {
  const { digest, options, length } = methods[algorithm];
  const key = { key: createPublicKey({ key: { ...jwk }, format: 'jwk' }), ...options };
  return (data, signature) => {
    if (length !== undefined && signature.length !== length) return false;
    try {
      return verify(digest, data, key, signature);
    } catch {
      return false;
    }
  };
}
