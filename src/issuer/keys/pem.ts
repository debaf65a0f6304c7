/** Converts public keys in PEM files (RFC 7468 section 13) to a key set, so the same checks apply to them. */
import { createPublicKey } from 'node:crypto';
import { pemBlocks } from '../../runtime/files/pem-blocks.ts';

const publicKeyLabels = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE', 'RSA CERTIFICATE'];

/**
 * Creates the text of a key set.
 *
 * @param files the text of each file
 * @throws Error if a file has no public key, or a truncated one
 */
export function keySetOfPem(files: readonly string[]): string {
  return JSON.stringify({ keys: files.flatMap(keysOf) });
}

function keysOf(text: string): object[] {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new Error(
      'expected a public key in PEM, got a private key; only the issuer may have the private key',
    );
  const blocks = pemBlocks(text).filter(({ label }) => publicKeyLabels.includes(label));
  if (blocks.length === 0) throw new Error('expected a public key in PEM (-----BEGIN PUBLIC KEY-----)');
  return blocks.map(({ text: block }) => {
    try {
      return createPublicKey(block).export({ format: 'jwk' });
    } catch {
      throw new Error('expected a public key in PEM for RSA, an elliptic curve or Ed25519');
    }
  });
}
