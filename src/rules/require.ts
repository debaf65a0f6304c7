/** What a rule requires of a verified token. */
import type { DenyReason } from '../check/reasons.ts';
import type { CheckRequest, Identity } from '../check/types.ts';
import type { Expression } from '../config/expression.ts';
import { compileExpression } from '../config/lazy-expression.ts';
import type { RuleConfig } from '../config/rule-options.ts';
import { claimHoldsOne, readClaims } from '../token/claims.ts';
import { createHasAll, createIsOneOf } from '../token/members.ts';
import type { ContextOf } from './context.ts';

/** The first requirement that is not met, or undefined. */
export type RuleRequirements = (identity: Identity, request: CheckRequest) => DenyReason | undefined;

/**
 * Makes the judge of a rule. What it says of a token's claims is remembered for as long as the token is.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes
 */
export function createRuleRequirements(
  required: NonNullable<RuleConfig['require']>,
  contextOf: ContextOf,
  maxTokenSize: number,
): RuleRequirements {
  const { issuers, audiences, scopes, scopesFromHeader, anyScopes, claims, expression } = required;
  const wanted = Object.entries(claims);
  const remembered = new WeakMap<Identity, boolean>();
  const hasClaims = ({ payload }: Identity) => {
    const own = readClaims(payload);
    return wanted.every(([name, values]) => claimHoldsOne(own, name, values));
  };
  const isOurs = createIsOneOf(audiences ?? []);
  const hasScopes = createHasAll(scopes);
  const isAnyScope = createIsOneOf(anyScopes ?? []);
  const compiled = expression === undefined ? undefined : compileExpression(expression, maxTokenSize);

  return (identity, request) => {
    if (issuers !== undefined && !issuers.includes(identity.issuerName)) return 'rule_denied';
    if (audiences !== undefined && !identity.audiences.some(isOurs)) return 'audience_mismatch';
    if (!hasScopes(identity.scopes)) return 'scope_insufficient';
    if (anyScopes !== undefined && !identity.scopes.some(isAnyScope)) return 'scope_insufficient';
    if (scopesFromHeader !== undefined) {
      const asked = scopesIn(request.header(scopesFromHeader));
      if (asked === undefined) return 'rule_denied';
      if (!createHasAll(asked)(identity.scopes)) return 'scope_insufficient';
    }
    if (wanted.length > 0 && !remembered.getOrInsertComputed(identity, hasClaims)) return 'claim_not_allowed';
    return compiled === undefined ? undefined : judge(compiled, identity, request, contextOf);
  };
}

/** An expression that cannot be evaluated, as where it names a claim that is absent, is no reason to let anybody in. */
function judge(
  expression: Expression,
  identity: Identity,
  request: CheckRequest,
  contextOf: ContextOf,
): DenyReason | undefined {
  try {
    return expression(contextOf(identity, request)) ? undefined : 'claim_not_allowed';
  } catch {
    return 'rule_failed';
  }
}

/** The scopes in the lines of a header; undefined if there is not one line, with one scope at least. */
function scopesIn(lines: readonly string[]): readonly string[] | undefined {
  const [line, ...others] = lines;
  const scopes = new Set((line ?? '').split(/[ ,]+/));
  scopes.delete('');
  return others.length > 0 || scopes.size === 0 ? undefined : [...scopes];
}
