/** Checks a verified token against the requirements of a rule. */

import type { Expression, ExpressionContext } from '../../config/expression/expression.ts';
import { compileExpression } from '../../config/expression/lazy-expression.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { requirementsOf } from '../../credential/token/claim-requirements.ts';
import { readClaims } from '../../credential/token/claims.ts';
import { createHasAll, createIsOneOf } from '../../credential/token/list-members.ts';
import { createRemembered } from '../../credential/token/remembered.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import { passed, type Trace } from '../../model/trace.ts';
import type { ContextOf } from './expression-context.ts';
import {
  createRuleRequirementDetails,
  type DescribeRequirement,
  expressionFailed,
  type FailedRuleRequirement,
} from './requirement-details.ts';
import { scopesIn } from './scopes-in.ts';

/** Returns the first requirement that is not met, or undefined. */
export type RuleRequirements = (
  identity: Identity,
  request: CheckRequest,
  trace?: Trace,
) => FailedRuleRequirement | undefined;

/**
 * Creates the check of a rule. Its result for the claims is cached with the token.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes
 * @param namesPort whether each host of the rule is listed with its port. The port cannot change the decision then.
 * @param path the path of the rule, such as `rules[0]`
 */
export function createRuleRequirements(
  required: NonNullable<RuleConfig['require']>,
  contextOf: ContextOf,
  maxTokenSize: number,
  namesPort = false,
  path = 'rules[0]',
): RuleRequirements {
  const { issuers, audiences, scopes, scopesFromHeader, anyScopes, claims, expression } = required;
  const claimRequirements = requirementsOf(claims, 'requirements', `${path}.require.claims`);
  const findFailedClaim = createRemembered((identity: Identity) => {
    const all = readClaims(identity);
    return claimRequirements.find(({ isMet }) => !isMet(all));
  });
  const isAllowedAudience = createIsOneOf(audiences ?? []);
  const hasScopes = createHasAll(scopes);
  const isAnyScope = createIsOneOf(anyScopes ?? []);
  const compiled = expression === undefined ? undefined : compileExpression(expression, maxTokenSize);
  const dependsOnPort = !namesPort && compiled?.readsHost === true;
  const details = createRuleRequirementDetails(required, `${path}.require`);

  const otherIssuer = { reason: 'rule_denied', describe: details.issuers } as const;
  const otherAudience = { reason: 'audience_mismatch', describe: details.audiences } as const;
  const scopeMissing = { reason: 'scope_insufficient', describe: details.scopes } as const;
  const anyScopeMissing = { reason: 'scope_insufficient', describe: details.anyScopes } as const;
  const headerMissing = { reason: 'rule_denied', describe: details.scopesFromHeader } as const;
  const headerScopeMissing = { reason: 'scope_insufficient', describe: details.scopesFromHeader } as const;
  const isFalse = { reason: 'claim_not_allowed', describe: details.expression } as const;
  const portDecides = { reason: 'host_ambiguous', describe: details.port } as const;

  /** Evaluates an expression. One that fails denies the request, for example because a claim is absent. */
  const evaluate = (evaluated: Expression, context: ExpressionContext): FailedRuleRequirement | undefined => {
    try {
      return evaluated(context) ? undefined : isFalse;
    } catch (error) {
      return expressionFailed(error, expression ?? '', `${path}.require.expression`);
    }
  };

  const check = (identity: Identity, request: CheckRequest): FailedRuleRequirement | undefined => {
    if (issuers !== undefined && !issuers.includes(identity.issuerName)) return otherIssuer;
    if (audiences !== undefined && !identity.audiences.some(isAllowedAudience)) return otherAudience;
    if (!hasScopes(identity.scopes)) return scopeMissing;
    if (anyScopes !== undefined && !identity.scopes.some(isAnyScope)) return anyScopeMissing;
    if (scopesFromHeader !== undefined) {
      const fromHeader = scopesIn(request.header(scopesFromHeader));
      if (fromHeader === undefined) return headerMissing;
      if (!createHasAll(fromHeader)(identity.scopes)) return headerScopeMissing;
    }
    const failedClaim = claimRequirements.length === 0 ? undefined : findFailedClaim(identity);
    if (failedClaim !== undefined) return failedClaim;
    if (compiled === undefined) return undefined;
    const failed = evaluate(compiled, contextOf(identity, request));
    if (!dependsOnPort) return failed;
    const withPort = contextOf.withPort(identity, request);
    return withPort === undefined || evaluate(compiled, withPort)?.reason === failed?.reason
      ? failed
      : portDecides;
  };

  const inOrder: readonly DescribeRequirement[] = [
    ...(issuers === undefined ? [] : [details.issuers]),
    ...(audiences === undefined ? [] : [details.audiences]),
    ...(scopes.length === 0 ? [] : [details.scopes]),
    ...(anyScopes === undefined ? [] : [details.anyScopes]),
    ...(scopesFromHeader === undefined ? [] : [details.scopesFromHeader]),
    ...claimRequirements.map(({ describe }) => describe),
  ];
  return (identity, request, trace) => {
    const failed = check(identity, request);
    if (trace === undefined) return failed;
    for (const describe of inOrder) {
      if (describe === failed?.describe) return failed;
      passed(trace, describe(identity, request).failed);
    }
    if (failed === undefined && compiled !== undefined)
      passed(trace, { ...details.expression(identity, request).failed, found: 'true' });
    return failed;
  };
}
