/** Checks a verified token against the requirements of its issuer. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { DenyReason } from '../../model/reasons.ts';
import { createClaimRequirements } from './claim-requirements.ts';
import { wrongType } from './claims.ts';
import type { Facts } from './facts.ts';
import { createHasAll, createIsOneOf } from './list-members.ts';
import type { IsRevoked } from './revocation.ts';
import { normalType } from './token-type.ts';

/**
 * Returns the reason to deny of the first requirement that the facts do not meet, or undefined.
 *
 * @param now the wall clock, in seconds since the epoch
 */
export type CheckRequirements = (facts: Facts, now: number) => DenyReason | undefined;

/** Creates the check for the tokens of one issuer. It runs for every request, even when the token is cached. */
export function createCheckRequirements(issuer: IssuerConfig, isRevoked: IsRevoked): CheckRequirements {
  const tolerance = issuer.clockTolerance / 1000;
  const types = new Set(issuer.tokenTypes.map(normalType));
  const checkClaims = createClaimRequirements(issuer);
  const { requiredScopes } = issuer;
  const isAllowedAudience = createIsOneOf(issuer.audiences ?? []);
  const hasScopes = createHasAll(requiredScopes);

  return (facts, now) => {
    const { expiresAt, notBefore, issuedAt, type, confirmation, scopes } = facts;

    if (expiresAt === undefined) return 'claim_missing';
    if (expiresAt === wrongType || !(expiresAt > 0)) return 'claim_invalid';
    if (expiresAt <= now - tolerance) return 'token_expired';
    if (notBefore === wrongType || issuedAt === wrongType) return 'claim_invalid';
    if ((notBefore ?? 0) > now + tolerance || (issuedAt ?? 0) > now + tolerance) return 'token_not_yet_valid';

    if (facts.audiences === wrongType) return 'claim_invalid';
    if (!issuer.anyAudience && !facts.audiences?.some(isAllowedAudience)) return 'audience_mismatch';

    if (type === wrongType || !types.has(type)) return 'token_type_not_allowed';
    const isVerifiable = issuer.boundTokens === 'verify' && confirmation !== 'unknown';
    if (confirmation !== undefined && issuer.boundTokens !== 'asBearer' && !isVerifiable)
      return 'token_bound';

    if (isRevoked(facts)) return 'token_revoked';
    const claimReason = checkClaims(facts);
    if (claimReason === 'claim_invalid') return claimReason;

    if (requiredScopes.length > 0) {
      if (scopes === wrongType) return 'claim_invalid';
      if (!hasScopes(scopes ?? [])) return 'scope_insufficient';
    }
    return claimReason;
  };
}
