/** The rules of a configuration: its own, or those of each policy. */
import type { RuledCheckParts } from '../check/ruled-check.ts';
import type { RulePlaces } from '../check/rules/selection-details.ts';
import type { Config } from '../config/declare/options.ts';

/** Rules that are tried together. */
export interface RuleSet extends Pick<RuledCheckParts, 'rules' | 'noRuleMatches' | 'mode'> {
  readonly places: RulePlaces;
  /** The name of the policy, or empty. */
  readonly policy: string;
}

/** The rules of a policy. */
export interface PolicyRules extends RuleSet {
  readonly pathPrefix: string;
  /** Its path in the configuration, such as `policies[0]`. */
  readonly place: string;
}

/** The rules of a configuration without policies; undefined if it has none. */
export function generalRules({ rules, noRuleMatches, mode }: Config): RuleSet | undefined {
  const places = { rules: 'rules', noRuleMatches: 'noRuleMatches', mode: 'mode' };
  return rules === undefined ? undefined : { rules, noRuleMatches, mode, places, policy: '' };
}

/** The rules of each policy; undefined without policies. */
export function policyRules({ policies, noRuleMatches, mode }: Config): readonly PolicyRules[] | undefined {
  return policies?.map((policy, index) => {
    const place = `policies[${index}]`;
    return {
      place,
      policy: policy.name,
      pathPrefix: policy.pathPrefix,
      rules: policy.rules.map((rule) => ({ ...rule, name: `${policy.name}/${rule.name}` })),
      noRuleMatches: policy.noRuleMatches ?? noRuleMatches,
      mode: policy.mode ?? mode,
      places: {
        rules: `${place}.rules`,
        noRuleMatches: policy.noRuleMatches === undefined ? 'noRuleMatches' : `${place}.noRuleMatches`,
        mode: policy.mode === undefined ? 'mode' : `${place}.mode`,
      },
    };
  });
}
