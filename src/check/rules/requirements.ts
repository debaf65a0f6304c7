/** Checks a verified token against the requirements of a rule. */

import type { Expression, ExpressionContext } from '../../config/expression/expression.ts';
import { compileExpression } from '../../config/expression/lazy-expression.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { createHasClaims, readClaims } from '../../credential/token/claims.ts';
import { createHasAll, createIsOneOf } from '../../credential/token/list-members.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import type { DenyReason } from '../../model/reasons.ts';
import type { ContextOf } from './expression-context.ts';

/** Returns the reason to deny of the first requirement that is not met, or undefined. */
export type RuleRequirements = (identity: Identity, request: CheckRequest) => DenyReason | undefined;

/**
 * Creates the check of a rule. Its result for the claims is cached with the token.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes
 * @param namesPort whether each host of the rule is listed with its port, so that the port cannot change the decision
 */
export function createRuleRequirements(
  required: NonNullable<RuleConfig['require']>,
  contextOf: ContextOf,
  maxTokenSize: number,
  namesPort = false,
): RuleRequirements {
  const { issuers, audiences, scopes, scopesFromHeader, anyScopes, claims, expression } = required;
  const requiresClaims = Object.keys(claims).length > 0;
  const hasClaims = createHasClaims(claims);
  const results = new WeakMap<Identity, boolean>();
  const testClaims = ({ payload }: Identity) => hasClaims(readClaims(payload));
  const isAllowedAudience = createIsOneOf(audiences ?? []);
  const hasScopes = createHasAll(scopes);
  const isAnyScope = createIsOneOf(anyScopes ?? []);
  const compiled = expression === undefined ? undefined : compileExpression(expression, maxTokenSize);
  const dependsOnPort = !namesPort && compiled?.readsHost === true;

  return (identity, request) => {
    if (issuers !== undefined && !issuers.includes(identity.issuerName)) return 'rule_denied';
    if (audiences !== undefined && !identity.audiences.some(isAllowedAudience)) return 'audience_mismatch';
    if (!hasScopes(identity.scopes)) return 'scope_insufficient';
    if (anyScopes !== undefined && !identity.scopes.some(isAnyScope)) return 'scope_insufficient';
    if (scopesFromHeader !== undefined) {
      const fromHeader = scopesIn(request.header(scopesFromHeader));
      if (fromHeader === undefined) return 'rule_denied';
      if (!createHasAll(fromHeader)(identity.scopes)) return 'scope_insufficient';
    }
    if (requiresClaims && !results.getOrInsertComputed(identity, testClaims)) return 'claim_not_allowed';
    if (compiled === undefined) return undefined;
    const reason = evaluate(compiled, contextOf(identity, request));
    if (!dependsOnPort) return reason;
    const withPort = contextOf.withPort(identity, request);
    return withPort === undefined || evaluate(compiled, withPort) === reason ? reason : 'host_ambiguous';
  };
}

/** Evaluates an expression. One that fails denies the request, for example because a claim is absent. */
function evaluate(expression: Expression, context: ExpressionContext): DenyReason | undefined {
  try {
    return expression(context) ? undefined : 'claim_not_allowed';
  } catch {
    return 'rule_failed';
  }
}

/** The scopes in a header; undefined unless it has exactly one line with at least one scope. */
function scopesIn(lines: readonly string[]): readonly string[] | undefined {
  const [line, ...others] = lines;
  const scopes = new Set((line ?? '').split(/[ ,]+/));
  scopes.delete('');
  return others.length > 0 || scopes.size === 0 ? undefined : [...scopes];
}
