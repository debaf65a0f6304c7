/**
 * The intended differences between the service and jose. Each row applies only to one cause, which it reads from the token, the key
 * set and the configuration. Differences before the signature, such as duplicate members or `crit`, are not here: such a token is not
 * cross-checked.
 */
import type { JWK } from 'jose';
import type { IssuerConfig } from '../../config/declare/options.ts';
import { maxCandidateKeys } from '../../issuer/keys/key-set.ts';
import { keySetRules, readKeySet } from '../../issuer/keys/read-key-set.ts';
import type { Claims } from '../../model/identity.ts';
import type { JoseHeader } from '../token/jose-header.ts';
import { comparesAudience } from './jose-verdict.ts';

/** A token whose signature jose accepts, and on which the two verdicts differ. */
export interface Difference {
  readonly header: JoseHeader;
  readonly claims: Claims;
  /** The length of the signature, in bytes. */
  readonly signatureLength: number;
  /** The key with which jose verified the signature. */
  readonly key: JWK;
  /** The published key set. */
  readonly keySet: string;
  readonly issuer: IssuerConfig;
  /** Seconds since the epoch. */
  readonly now: number;
}

interface Row {
  readonly name: string;
  /** The service's verdict. */
  readonly reasons: readonly string[];
  /** Whether jose accepts the token; undefined if both are possible. */
  readonly joseAccepts?: boolean;
  readonly applies: (difference: Difference) => boolean;
}

/** The end of the year 9999, in seconds since the epoch. */
const endOfDates = 253_402_300_800;
const isInRange = (date: unknown) => typeof date !== 'number' || Math.abs(date) < endOfDates;
const isStrings = (value: unknown) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((member) => typeof member === 'string'));

/** The reasons for which a token is denied after everything that jose compares. */
export const notJudgedByJose: readonly string[] = [
  'token_type_not_allowed',
  'token_bound',
  'token_revoked',
  'scope_insufficient',
  'claim_not_allowed',
];

/** The intended differences. */
export const intendedDifferences: readonly Row[] = [
  {
    name: 'jose does not compare the type, the binding, the deny list, scopes and other claims',
    reasons: notJudgedByJose,
    joseAccepts: true,
    applies: () => true,
  },
  {
    name: 'jose does not compare an audience outside `aud`',
    reasons: ['audience_mismatch'],
    joseAccepts: true,
    applies: ({ issuer }) => !comparesAudience(issuer),
  },
  {
    name: 'jose does not compare `iat` with the time',
    reasons: ['token_not_yet_valid'],
    joseAccepts: true,
    applies: ({ claims, issuer, now }) =>
      typeof claims.iat === 'number' && claims.iat > now + issuer.clockTolerance / 1000,
  },
  {
    name: 'jose has no last date',
    reasons: ['claim_invalid'],
    joseAccepts: true,
    applies: ({ claims }) => ![claims.exp, claims.nbf, claims.iat].every(isInRange),
  },
  {
    name: 'jose accepts an `aud` with members that are not strings, and reads no other audience claim',
    reasons: ['claim_invalid'],
    joseAccepts: true,
    applies: ({ claims, issuer }) => !isStrings(claims.aud) || !comparesAudience(issuer),
  },
  {
    name: 'jose does not read scopes',
    reasons: ['claim_invalid'],
    joseAccepts: true,
    applies: ({ claims, issuer }) =>
      issuer.requiredScopes.length > 0 &&
      [claims.scope, claims.scp, claims.scopes].some((scopes) => scopes !== undefined && !isStrings(scopes)),
  },
  {
    name: 'jose does not read `email_verified`',
    reasons: ['claim_invalid'],
    joseAccepts: true,
    applies: ({ issuer }) => issuer.email.requireVerified,
  },
  {
    name: 'a null `nbf` or `iat` is absent for the service and invalid for jose',
    reasons: ['allowed', ...notJudgedByJose],
    joseAccepts: false,
    applies: ({ claims }) => claims.nbf === null || claims.iat === null,
  },
  {
    name: 'jose accepts an RSA signature without its leading zeros (RFC 8017 section 8.2.2)',
    reasons: ['signature_invalid'],
    applies: ({ signatureLength, key }) =>
      key.kty === 'RSA' && signatureLength < Buffer.from(key.n ?? '', 'base64url').length,
  },
  {
    name: 'the service does not use the key, or tries only the first keys that fit',
    reasons: ['signature_invalid', 'key_not_found'],
    applies: isKeyLeftOut,
  },
];

/**
 * Whether the service did not try the key: it does not use it, for example because it is weak (`/readyz` lists it), or
 * {@link maxCandidateKeys} other keys come first.
 */
function isKeyLeftOut({ header, key, keySet: text, issuer }: Difference): boolean {
  const { keySet } = readKeySet(text, keySetRules(issuer, Number.POSITIVE_INFINITY));
  const isIt = ({ material }: { readonly material: string }) => material === materialOf(key);
  const candidates = keySet.find(header.keyId, header.algorithm);
  if (candidates.some(isIt)) return false;
  return candidates.length === maxCandidateKeys || !keySet.keys.some(isIt);
}

function materialOf({ kty, crv, n, e, x, y }: JWK): string {
  return JSON.stringify(kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y });
}
