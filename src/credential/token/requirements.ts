/** Checks a verified token against the requirements of its issuer. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import { passed, type Trace } from '../../model/trace.ts';
import { createClaimRequirements } from './claim-requirements.ts';
import { wrongType } from './claims.ts';
import type { Facts } from './facts.ts';
import type { FailedRequirement } from './failed-requirement.ts';
import { createHasAll, createIsOneOf } from './list-members.ts';
import { createRequirementDetails } from './requirement-details.ts';
import type { Revocation } from './revocation.ts';
import { normalType } from './token-type.ts';

/**
 * Returns the first requirement that the facts do not meet, or undefined.
 *
 * @param now the wall clock, in seconds since the epoch
 */
export type CheckRequirements = (facts: Facts, now: number, trace?: Trace) => FailedRequirement | undefined;

/**
 * Creates the check for the tokens of one issuer. It runs for every request, even when the token is cached.
 *
 * @param path the path of the issuer's options, such as `issuers[0]`
 */
export function createCheckRequirements(
  issuer: IssuerConfig,
  revocation: Revocation,
  path: string,
): CheckRequirements {
  const tolerance = issuer.clockTolerance / 1000;
  const types = new Set(issuer.tokenTypes.map(normalType));
  const claims = createClaimRequirements(issuer, path);
  const { requiredScopes } = issuer;
  const isAllowedAudience = createIsOneOf(issuer.audiences ?? []);
  const hasScopes = createHasAll(requiredScopes);
  const details = createRequirementDetails(issuer, path);

  const expiryMissing = { reason: 'claim_missing', describe: details.expiryForm } as const;
  const expiryInvalid = { reason: 'claim_invalid', describe: details.expiryForm } as const;
  const expired = { reason: 'token_expired', describe: details.expiry } as const;
  const startInvalid = { reason: 'claim_invalid', describe: details.start } as const;
  const notYetValid = { reason: 'token_not_yet_valid', describe: details.start } as const;
  const audienceInvalid = { reason: 'claim_invalid', describe: details.audience } as const;
  const audienceMismatch = { reason: 'audience_mismatch', describe: details.audience } as const;
  const typeNotAllowed = { reason: 'token_type_not_allowed', describe: details.type } as const;
  const bound = { reason: 'token_bound', describe: details.binding } as const;
  const revoked = { reason: 'token_revoked', describe: revocation.describe } as const;
  const scopesInvalid = { reason: 'claim_invalid', describe: details.scopes } as const;
  const scopeMissing = { reason: 'scope_insufficient', describe: details.scopes } as const;

  const check = (facts: Facts, now: number): FailedRequirement | undefined => {
    const { expiresAt, notBefore, issuedAt, type, confirmation, scopes } = facts;

    if (expiresAt === undefined) return expiryMissing;
    if (expiresAt === wrongType || !(expiresAt > 0)) return expiryInvalid;
    if (expiresAt <= now - tolerance) return expired;
    if (notBefore === wrongType || issuedAt === wrongType) return startInvalid;
    if ((notBefore ?? 0) > now + tolerance || (issuedAt ?? 0) > now + tolerance) return notYetValid;

    if (facts.audiences === wrongType) return audienceInvalid;
    if (!issuer.anyAudience && !facts.audiences?.some(isAllowedAudience)) return audienceMismatch;

    if (type === wrongType || !types.has(type)) return typeNotAllowed;
    const isVerifiable = issuer.boundTokens === 'verify' && confirmation !== 'unknown';
    if (confirmation !== undefined && issuer.boundTokens !== 'asBearer' && !isVerifiable) return bound;

    if (revocation.find(facts) !== undefined) return revoked;
    const failedClaim = claims.check(facts);
    if (failedClaim?.reason === 'claim_invalid') return failedClaim;

    if (requiredScopes.length > 0) {
      if (scopes === wrongType) return scopesInvalid;
      if (!hasScopes(scopes ?? [])) return scopeMissing;
    }
    return failedClaim;
  };

  const inOrder = () => [
    details.expiry,
    details.start,
    details.audience,
    details.type,
    details.binding,
    ...(revocation.hasEntries() ? [revocation.describe] : []),
    ...claims.describeInvalid,
    ...(requiredScopes.length > 0 ? [details.scopes] : []),
    ...claims.describeNotAllowed,
  ];
  return (facts, now, trace) => {
    const failed = check(facts, now);
    if (trace === undefined || failed?.describe === details.expiryForm) return failed;
    for (const describe of inOrder()) {
      if (describe === failed?.describe) break;
      passed(trace, describe(facts, now).failed);
    }
    return failed;
  };
}
