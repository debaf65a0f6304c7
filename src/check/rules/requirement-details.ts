/** Describes the requirements of a rule and how a token meets them, for details and traces. */
import { evaluationProblem } from '../../config/expression/evaluation-problem.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { detailOf, listed, shown } from '../../config/values/detail-text.ts';
import { audienceText, missingScopes } from '../../credential/token/requirement-details.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Identity } from '../../model/identity.ts';
import type { DenyReason } from '../../model/reasons.ts';
import type { Observation, StepDetail } from '../../model/trace.ts';
import { scopesIn } from './scopes-in.ts';

/** Describes what a requirement expects and what a token has, whether or not the token meets it. */
export type DescribeRequirement = (identity: Identity, request: CheckRequest) => StepDetail;

/** A requirement of a rule that is not met. */
export interface FailedRuleRequirement {
  readonly reason: DenyReason;
  readonly describe: DescribeRequirement;
}

/** The names of the requirements that {@link createRuleRequirementDetails} describes. */
type Name = 'issuers' | 'audiences' | 'scopes' | 'anyScopes' | 'scopesFromHeader' | 'expression' | 'port';

/**
 * Creates the descriptions.
 *
 * @param path the path of the requirements, such as `rules[0].require`
 */
export function createRuleRequirementDetails(
  required: NonNullable<RuleConfig['require']>,
  path: string,
): Readonly<Record<Name, DescribeRequirement>> {
  const { issuers = [], audiences = [], scopes, anyScopes = [], scopesFromHeader = '' } = required;
  return {
    issuers: ({ issuerName }) =>
      described('the name of the issuer', listed(issuers), shown(issuerName), `${path}.issuers`),
    audiences: (identity) =>
      detailOf(
        observe('the audience', audienceText(audiences), listed(identity.audiences), `${path}.audiences`),
        `expected ${audienceText(audiences)}, found ${listed(identity.audiences)}`,
      ),
    scopes: (identity) => missingScopes('requirements', scopes, identity.scopes, `${path}.scopes`),
    anyScopes: (identity) =>
      detailOf(
        observe('the scopes', `one of ${listed(anyScopes)}`, listed(identity.scopes), `${path}.anyScopes`),
        `expected one of the scopes ${listed(anyScopes)}; the token has ${listed(identity.scopes)}`,
      ),
    scopesFromHeader: (identity, request) => {
      const option = `${path}.scopesFromHeader`;
      const lines = request.header(scopesFromHeader);
      const fromHeader = scopesIn(lines);
      if (fromHeader !== undefined) return missingScopes('requirements', fromHeader, identity.scopes, option);
      const found = lines.length > 1 ? `${lines.length} lines` : 'no scopes';
      return detailOf(
        observe(`the header ${scopesFromHeader}`, 'one line with scopes', found, option),
        `the header ${scopesFromHeader}, which the mesh must set, has ${found}`,
      );
    },
    expression: () =>
      detailOf(
        observe('the expression of the rule', 'true', 'false', `${path}.expression`),
        'the expression of the rule is false',
      ),
    port: (_, { host }) =>
      detailOf(
        observe('the host', 'the same result with and without the port', shown(host), `${path}.expression`),
        `the expression of the rule has another result for host ${shown(host)} without the port`,
      ),
  };
}

/** The requirement of an expression that cannot be evaluated. */
export function expressionFailed(error: unknown, text: string, option: string): FailedRuleRequirement {
  return {
    reason: 'rule_failed',
    describe: () => {
      const problem = evaluationProblem(error, text);
      return detailOf(
        observe('the expression of the rule', 'true', `an error: ${problem}`, option),
        `the expression of the rule failed: ${problem}`,
      );
    },
  };
}

function described(subject: string, expected: string, found: string, option: string): StepDetail {
  return detailOf(
    observe(subject, expected, found, option),
    `expected ${subject} to be one of ${expected}, found ${found}`,
  );
}

function observe(subject: string, expected: string, found: string, option: string): Observation {
  return { step: 'requirements', subject, expected, found, option };
}
