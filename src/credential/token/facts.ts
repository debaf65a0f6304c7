/** The facts that a verified token states, and whether they fulfil what its issuer's tokens must. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims, Confirmation } from '../../model/decision.ts';
import type { DenyReason } from '../../model/reasons.ts';
import { createReadClaim, isObject } from './claim-path.ts';
import { createClaimRequirements } from './claim-requirements.ts';
import { claimOf, type Read, readDate, stringsOf, wrongType } from './claims.ts';
import { readConfirmation } from './confirmation.ts';
import { createHasAll, createIsOneOf } from './list-members.ts';
import type { IsRevoked } from './revocation.ts';

/** What a token states, as it was read; unjudged. */
export interface Facts {
  /** The claims, as the text of a JSON object. */
  readonly payload: string;
  /** `typ` of the header as {@link normalType} gives it; `jwt` if absent. Wrong also where the claims are those of a logout token. */
  readonly type: string | typeof wrongType;
  /** As {@link readConfirmation} reads it. */
  readonly confirmation: Confirmation | 'unknown' | undefined;
  readonly expiresAt: Read<number>;
  readonly notBefore: Read<number>;
  readonly issuedAt: Read<number>;
  readonly audiences: Read<readonly string[]>;
  readonly scopes: Read<readonly string[]>;
}

/**
 * Judges facts: the first requirement that is not met, or undefined.
 *
 * @param now the wall clock, in seconds since the epoch
 */
export type Requirements = (facts: Facts, now: number) => DenyReason | undefined;

// Where issuers put scopes: RFC 9068 section 2.2.3 and RFC 8693 section 4.2; Entra and Okta; others.
const scopeClaims = ['scope', 'scp', 'scopes'];

/** Reads the facts out of verified claims; `type` is `typ` of the header. */
export type ReadFacts = (claims: Claims, payload: string, type: unknown) => Facts;

/** Makes what reads the facts that an issuer's tokens state. */
export function createReadFacts({
  audienceClaims,
  audienceClaimsUsed,
}: Pick<IssuerConfig, 'audienceClaims' | 'audienceClaimsUsed'>): ReadFacts {
  const readers = audienceClaims.map((name) => createReadClaim(name));
  return (claims, payload, type) => {
    const found = readers.map((read) => read(claims));
    const used =
      audienceClaimsUsed === 'all' ? found : found.filter((value) => value !== undefined).slice(0, 1);
    return {
      payload,
      type: isLogoutToken(claims) ? wrongType : typeOf(type),
      confirmation: readConfirmation(claims),
      expiresAt: readDate(claims, 'exp'),
      notBefore: readDate(claims, 'nbf'),
      issuedAt: readDate(claims, 'iat'),
      audiences: together(used.map(stringsOf)),
      scopes: together(scopeClaims.map((name) => splitScopes(claimOf(claims, name)))),
    };
  };
}

/** Makes the judge of one issuer's tokens. It runs on every check, also for a token that was verified earlier. */
export function createRequirements(issuer: IssuerConfig, isRevoked: IsRevoked): Requirements {
  const tolerance = issuer.clockTolerance / 1000;
  const types = new Set(issuer.tokenTypes.map(normalType));
  const unmetOfClaims = createClaimRequirements(issuer);
  const { requiredScopes } = issuer;
  const isOurs = createIsOneOf(issuer.audiences ?? []);
  const hasScopes = createHasAll(requiredScopes);

  return (facts, now) => {
    const { expiresAt, notBefore, issuedAt, type, confirmation, scopes } = facts;

    if (expiresAt === undefined) return 'claim_missing';
    if (expiresAt === wrongType || !(expiresAt > 0)) return 'claim_invalid';
    if (expiresAt <= now - tolerance) return 'token_expired';
    if (notBefore === wrongType || issuedAt === wrongType) return 'claim_invalid';
    if ((notBefore ?? 0) > now + tolerance || (issuedAt ?? 0) > now + tolerance) return 'token_not_yet_valid';

    if (facts.audiences === wrongType) return 'claim_invalid';
    if (!issuer.anyAudience && !facts.audiences?.some(isOurs)) return 'audience_mismatch';

    if (type === wrongType || !types.has(type)) return 'token_type_not_allowed';
    const isVerifiable = issuer.boundTokens === 'verify' && confirmation !== 'unknown';
    if (confirmation !== undefined && issuer.boundTokens !== 'asBearer' && !isVerifiable)
      return 'token_bound';

    if (isRevoked(facts)) return 'token_revoked';
    const unmet = unmetOfClaims(facts);
    if (unmet === 'claim_invalid') return unmet;

    if (requiredScopes.length > 0) {
      if (scopes === wrongType) return 'claim_invalid';
      if (!hasScopes(scopes ?? [])) return 'scope_insufficient';
    }
    return unmet;
  };
}

/** A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4) may say `typ: JWT` and has the audience of the client: its event tells. */
export function isLogoutToken(claims: Claims): boolean {
  const events = claimOf(claims, 'events');
  return isObject(events) && Object.hasOwn(events, 'http://schemas.openid.net/event/backchannel-logout');
}

function typeOf(written: unknown): Facts['type'] {
  if (written === undefined) return 'jwt';
  return typeof written === 'string' ? normalType(written) : wrongType;
}

/** A media type as `typ` compares it (RFC 7515 section 4.1.9): any case, `application/` left out. */
function normalType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}

function splitScopes(written: unknown): Read<readonly string[]> {
  return typeof written === 'string'
    ? written.split(' ').filter((scope) => scope !== '')
    : stringsOf(written);
}

/** One list of several claims; wrong if one is wrong, absent if all are. */
function together(lists: readonly Read<readonly string[]>[]): Read<readonly string[]> {
  if (lists.includes(wrongType)) return wrongType;
  const present = lists.filter((list) => list !== undefined && list !== wrongType);
  return present.length === 0 ? undefined : present.flat();
}
