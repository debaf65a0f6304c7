/** What a rule requires of a verified token. */

import type { Expression, ExpressionContext } from '../../config/expression/expression.ts';
import { compileExpression } from '../../config/expression/lazy-expression.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { createFulfils, readClaims } from '../../credential/token/claims.ts';
import { createHasAll, createIsOneOf } from '../../credential/token/list-members.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import type { DenyReason } from '../../model/reasons.ts';
import type { ContextOf } from './expression-context.ts';

/** The first requirement that is not met, or undefined. */
export type RuleRequirements = (identity: Identity, request: CheckRequest) => DenyReason | undefined;

/**
 * Makes the judge of a rule. What it says of a token's claims is remembered for as long as the token is.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes
 * @param namesPort whether the rule names the port of each host that it decides, so that the name alone says which it is
 */
export function createRuleRequirements(
  required: NonNullable<RuleConfig['require']>,
  contextOf: ContextOf,
  maxTokenSize: number,
  namesPort = false,
): RuleRequirements {
  const { issuers, audiences, scopes, scopesFromHeader, anyScopes, claims, expression } = required;
  const asksForClaims = Object.keys(claims).length > 0;
  const fulfils = createFulfils(claims);
  const remembered = new WeakMap<Identity, boolean>();
  const hasClaims = ({ payload }: Identity) => fulfils(readClaims(payload));
  const isOurs = createIsOneOf(audiences ?? []);
  const hasScopes = createHasAll(scopes);
  const isAnyScope = createIsOneOf(anyScopes ?? []);
  const compiled = expression === undefined ? undefined : compileExpression(expression, maxTokenSize);
  const looksAtPort = !namesPort && compiled?.readsHost === true;

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
    if (asksForClaims && !remembered.getOrInsertComputed(identity, hasClaims)) return 'claim_not_allowed';
    if (compiled === undefined) return undefined;
    const judged = judge(compiled, contextOf(identity, request));
    if (!looksAtPort) return judged;
    const withPort = contextOf.withPort(identity, request);
    return withPort === undefined || judge(compiled, withPort) === judged ? judged : 'host_ambiguous';
  };
}

/** An expression that cannot be evaluated, as where it names a claim that is absent, is no reason to let anybody in. */
function judge(expression: Expression, context: ExpressionContext): DenyReason | undefined {
  try {
    return expression(context) ? undefined : 'claim_not_allowed';
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
