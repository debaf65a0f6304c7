/** Key pairs of a test run, created once because RSA keys are slow to create. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { supportedAlgorithms } from '../../src/config/declare/issuer-options.ts';
import type { KeySetRules } from '../../src/issuer/keys/read-key-set.ts';

/** A private key and its published form. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Rules that allow every algorithm. */
export const lenientRules: KeySetRules = {
  algorithms: supportedAlgorithms,
  keyUses: ['sig', 'jwt-svid'],
  maxKeys: 100,
  areUnnamed: false,
};

/** Creates a signing key. */
export async function createSigningKey(kid: string, algorithm = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicJwk };
}
