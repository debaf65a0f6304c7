/** The value of the token cache. */
import type { VerificationKey } from '../../issuer/keys/key-set.ts';
import type { Identity } from '../../model/identity.ts';
import type { Facts } from './facts.ts';

/** The identity, the facts and the key of a verified token. */
export interface VerifiedToken {
  readonly identity: Identity;
  readonly facts: Facts;
  /** The key that verified the signature. The token is valid only while its issuer still has this key. */
  readonly key: VerificationKey;
}
