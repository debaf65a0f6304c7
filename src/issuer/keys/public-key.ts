/** Imports a public key for the verification of one algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1). */
import { constants, createPublicKey, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import type { PublicJwk } from './published-key.ts';

/**
 * Verifies a signature over some data. Takes tens of microseconds.
 *
 * @throws Error if OpenSSL itself fails, for example without memory; no data and no signature can cause this
 */
export type VerifySignature = (data: Buffer, signature: Buffer) => boolean;

/** The parameters of an algorithm. */
interface Method {
  /** Null if the algorithm has its own. */
  readonly digest: string | null;
  readonly options?: Omit<VerifyKeyObjectInput, 'key'>;
  /** The length of a signature, in bytes; undefined if it is the length of the key's modulus. */
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
// A signature is R followed by S, each as long as the order of the curve (RFC 7518 section 3.4).
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

/** Verifies one signature with OpenSSL. */
export type VerifyOnce = (
  digest: string | null,
  data: Buffer,
  key: VerifyKeyObjectInput,
  signature: Buffer,
) => boolean;

/**
 * Imports a key for one algorithm.
 *
 * @throws Error if the numbers are not a valid key ({@link isInvalidKey}), such as a point off its curve, or if the import
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

/** Whether an import failed because the key is invalid. */
export function isInvalidKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_INVALID_JWK';
}

/**
 * The length of an RSA key's signatures, in bytes (RFC 8017 sections 8.1.2 and 8.2.2, step 1). For PSS, OpenSSL also accepts
 * signatures without leading zeros, which would give one token two spellings.
 */
function modulusLength({ asymmetricKeyDetails }: KeyObject): number {
  return Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}
