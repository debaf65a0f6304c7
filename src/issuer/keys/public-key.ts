/** A public key, ready for OpenSSL to verify one algorithm with (RFC 7518 section 3.1, RFC 8037 section 3.1). */
import { constants, createPublicKey, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import type { PublicJwk } from './published-key.ts';

/**
 * Whether a signature is one of the key's over some data. Takes tens of microseconds.
 *
 * @throws Error where the verification itself fails, as without memory. No signature and no data cause that: a signature
 * of another length than the key's is none, and OpenSSL answers for every other.
 */
export type VerifySignature = (data: Buffer, signature: Buffer) => boolean;

/** How an algorithm is verified. */
interface Method {
  /** Null where the algorithm has its own. */
  readonly digest: string | null;
  readonly options?: Omit<VerifyKeyObjectInput, 'key'>;
  /** The one length of all signatures, in bytes; undefined where it is that of the key's modulus. */
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

/** How OpenSSL is asked. */
export type VerifyOnce = (
  digest: string | null,
  data: Buffer,
  key: VerifyKeyObjectInput,
  signature: Buffer,
) => boolean;

/**
 * Imports a key for one algorithm.
 *
 * @throws Error where the numbers make no key ({@link isNoKey}), such as a point that is not on its curve, or where the import
 * itself fails
 */
export function importPublicKey(
  jwk: PublicJwk,
  algorithm: Algorithm,
  verifyOnce: VerifyOnce = verify,
): VerifySignature {
  const { digest, options, length } = methods[algorithm];
  const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const key = { key: publicKey, ...options };
  const signatureLength = length ?? modulusLength(publicKey);
  return (data, signature) =>
    signature.length === signatureLength && verifyOnce(digest, data, key, signature);
}

/** Whether an import failed because of the numbers of the key, and not by itself. */
export function isNoKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_INVALID_JWK';
}

/**
 * The length of an RSA key's signatures, in bytes (RFC 8017 sections 8.1.2 and 8.2.2, step 1). OpenSSL takes a shorter one
 * for PSS, where the zeros in front are missing: one token would have two spellings.
 */
function modulusLength({ asymmetricKeyDetails }: KeyObject): number {
  return Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}
