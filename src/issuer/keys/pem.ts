/** Public keys in PEM files (RFC 7468 section 13) as a key set, so that they are judged as published keys are. */
import { createPublicKey } from 'node:crypto';
import { pemBlocks } from '../../runtime/files/pem-blocks.ts';

const publicKeyLabels = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE', 'RSA CERTIFICATE'];

/**
 * Makes the text of a key set.
 *
 * @param files the text of each file
 * @throws Error where one holds no public key, or one that is cut
 */
export function keySetOfPem(files: readonly string[]): string {
  return JSON.stringify({ keys: files.flatMap(keysOf) });
}

function keysOf(text: string): object[] {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw new Error('expected a public key in PEM, not a private one; nobody but the issuer may have that');
  const blocks = pemBlocks(text).filter(({ label }) => publicKeyLabels.includes(label));
  if (blocks.length === 0) throw new Error('expected a public key in PEM (-----BEGIN PUBLIC KEY-----)');
  return blocks.map(({ text: block }) => {
    try {
      return createPublicKey(block).export({ format: 'jwk' });
    } catch {
      throw new Error('expected a public key in PEM, of RSA, an elliptic curve or Ed25519');
    }
  });
}
