/**
 * The value of the token cache. A request brings its token again, so what only some checks need is read from there. The rest is in one
 * flat record, and what tokens have in common is in a record that they share.
 */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { VerificationKey } from '../../issuer/keys/key-set.ts';
import type { Claims, Confirmation, Identity, IdentityMemory, MemoryKeeper } from '../../model/identity.ts';
import { readString, wrongType } from './claims.ts';
import type { Facts } from './facts.ts';

/** The part that many tokens of an issuer have in common. */
export interface TokenProfile extends Pick<Facts, 'type' | 'audiences' | 'scopes'> {
  readonly issuer: string;
  readonly issuerName: string;
  /** `boundTokens: verify`: the client must prove the binding of a bound token. */
  readonly provesBinding: boolean;
  /** Whether the memory of a cached token includes this. */
  isCounted: boolean;
}

/** A verified token without its text. Times are in seconds since the epoch. */
export interface VerifiedToken<Key = VerificationKey> extends IdentityMemory {
  readonly profile: TokenProfile;
  /** The key that verified the signature. The token is valid only while its issuer still has this key. */
  readonly key: Key;
  readonly subject: string | undefined;
  readonly confirmation: Confirmation | 'unknown' | undefined;
  readonly expiresAt: number;
  readonly notBefore: Facts['notBefore'];
  readonly issuedAt: Facts['issuedAt'];
  /** When the cache removes the token. */
  cachedUntil: number;
  /** When the token was last marked as used. */
  usedAt: number;
  /** The number of the lookup that last found the token. */
  lookup: number;
}

/** Returns the record of a token that meets the requirements of its issuer. */
export function verifiedToken<Key>(
  claims: Claims,
  { type, audiences, scopes, confirmation, expiresAt, notBefore, issuedAt }: Facts,
  { issuer, name: issuerName, boundTokens }: IssuerConfig,
  key: Key,
  {
    share,
    keeper,
  }: { readonly share: (profile: TokenProfile) => TokenProfile; readonly keeper: MemoryKeeper },
): VerifiedToken<Key> {
  const subject = readString(claims, 'sub');
  const provesBinding = boundTokens === 'verify';
  return {
    profile: share({ issuer, issuerName, provesBinding, type, audiences, scopes, isCounted: false }),
    key,
    subject: subject === wrongType ? undefined : subject,
    confirmation,
    expiresAt: Number(expiresAt),
    notBefore,
    issuedAt,
    cachedUntil: 0,
    usedAt: 0,
    lookup: 0,
    headers: undefined,
    values: '',
    prepared: undefined,
    results: undefined,
    bytes: 0,
    keeper,
  };
}

/** The facts of a verified token. @param token its text, as the request has it */
export function factsOf(verified: VerifiedToken, token: string): Facts {
  const { profile, confirmation, expiresAt, notBefore, issuedAt } = verified;
  const { type, audiences, scopes } = profile;
  return {
    text: token,
    form: 'token',
    type,
    confirmation,
    expiresAt,
    notBefore,
    issuedAt,
    audiences,
    scopes,
    memory: verified,
  };
}

/** The identity of a verified token. @param token its text, as the request has it */
export function identityOf(verified: VerifiedToken<unknown>, token: string): Identity {
  const { profile, subject, confirmation, expiresAt } = verified;
  const { issuer, issuerName, provesBinding, audiences, scopes } = profile;
  return {
    issuer,
    issuerName,
    subject,
    audiences: audiences === wrongType || audiences === undefined ? none : audiences,
    scopes: scopes === wrongType || scopes === undefined ? none : scopes,
    expiresAt,
    confirmation: provesBinding && confirmation !== 'unknown' ? confirmation : undefined,
    text: token,
    form: 'token',
    memory: verified,
  };
}

const none: readonly string[] = [];
