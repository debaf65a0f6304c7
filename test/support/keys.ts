/** Key pairs of a test run: made once, for making RSA keys is slow. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { supportedAlgorithms } from '../../src/config/declare/issuer-options.ts';
import type { KeySetRules } from '../../src/issuer/keys/read-key-set.ts';

/** A private key and what an issuer publishes of it. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Rules of key sets under which every algorithm is allowed. */
export const lenientRules: KeySetRules = {
  algorithms: supportedAlgorithms,
  keyUses: ['sig', 'jwt-svid'],
  maxKeys: 100,
  areUnnamed: false,
};

/** Makes a signing key. */
export async function createSigningKey(kid: string, algorithm = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicJwk };
}
