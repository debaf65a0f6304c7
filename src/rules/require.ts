/** What a rule requires of a verified token. */
import type { DenyReason } from '../check/reasons.ts';
import type { Identity } from '../check/types.ts';
import type { RuleConfig } from '../config/rule-options.ts';
import { claimHolds, readClaims } from '../token/claims.ts';

/** The first requirement that an identity does not meet, or undefined. */
export type RuleRequirements = (identity: Identity) => DenyReason | undefined;

/** Makes the judge of a rule. What it says of a token's claims is remembered for as long as the token is. */
export function createRuleRequirements(required: NonNullable<RuleConfig['require']>): RuleRequirements {
  const { issuers, audiences, scopes, anyScopes, claims } = required;
  const wanted = Object.entries(claims).map(([name, value]) => [name, [value].flat()] as const);
  const remembered = new WeakMap<Identity, boolean>();
  const hasClaims = ({ payload }: Identity) => {
    const own = readClaims(payload);
    return wanted.every(([name, values]) => values.some((value) => claimHolds(own, name, value)));
  };

  return (identity) => {
    if (issuers !== undefined && !issuers.includes(identity.issuerName)) return 'rule_denied';
    if (audiences !== undefined && !audiences.some((audience) => identity.audiences.includes(audience)))
      return 'audience_mismatch';
    const has = (scope: string) => identity.scopes.includes(scope);
    if (!scopes.every(has) || anyScopes?.some(has) === false) return 'scope_insufficient';
    if (wanted.length === 0) return undefined;
    return remembered.getOrInsertComputed(identity, hasClaims) ? undefined : 'claim_not_allowed';
  };
}
