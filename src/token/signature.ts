/** Verifies signatures with jose; the one place that knows its errors. */
import { compactVerify, errors } from 'jose';
import type { VerificationKey } from '../issuer/key-set.ts';

/**
 * Whether a token was signed with a key (RFC 7515 section 5.2).
 *
 * @param payload what the payload segment decodes to: it must be what was signed
 * @throws Error only for a failure of the machine, never for one of the token
 */
export async function verifySignature(
  token: string,
  payload: Buffer,
  key: VerificationKey,
): Promise<boolean> {
  const algorithms = key.algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [key.algorithm];
  try {
    const verified = await compactVerify(token, key.cryptoKey, { algorithms });
    return payload.equals(verified.payload);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof DOMException) return false;
    throw error;
  }
}
