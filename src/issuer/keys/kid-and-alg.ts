/** `kid` and `alg`, which a token header and a published key have in common. */
import { type Algorithm, supportedAlgorithms } from '../../config/declare/issuer-options.ts';

/** The longest key ID, in characters. */
const maxKeyIdLength = 256;

/** Whether a value is a `kid` (RFC 7515 section 4.1.4) of an allowed length. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxKeyIdLength;
}

/** Reads a JWA algorithm name; undefined if it is not a supported algorithm. */
export function toAlgorithm(name: unknown): Algorithm | undefined {
  if (name === 'Ed25519') return 'EdDSA';
  return supportedAlgorithms.find((algorithm) => algorithm === name);
}
