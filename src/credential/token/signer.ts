/** Finds the key that signed a token. */
import type { IssuerKeys } from '../../issuer/issuer.ts';
import type { VerificationKey } from '../../issuer/keys/key-set.ts';
import { signedBytes } from './compact-jws.ts';
import type { UnverifiedToken } from './unverified-token.ts';

/**
 * Finds the key that signed the token. A key that was removed from the key set while the token waited is not tried.
 *
 * @returns the key, or the reason to deny
 * @throws Error if the verification itself fails, which is not the same as an invalid signature
 */
export function signerOf(
  { token, signature }: Pick<UnverifiedToken, 'token' | 'signature'>,
  keys: readonly VerificationKey[],
  issuer: IssuerKeys,
): VerificationKey | 'key_not_found' | 'signature_invalid' {
  const data = signedBytes(token);
  let reason: 'key_not_found' | 'signature_invalid' = 'key_not_found';
  for (const key of keys) {
    if (!issuer.holds(key)) continue;
    if (key.verify(data, signature)) return key;
    reason = 'signature_invalid';
  }
  return reason;
}
