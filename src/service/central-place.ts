/** The place of the central host (`login.host`). Its paths of the login are answered even if no rule counts sessions there. */
import type { HostedPlace } from '../check/login/own-paths.ts';
import type { Config } from '../config/declare/options.ts';
import { hostCovers } from '../config/rules/patterns.ts';
import type { RuleConfig } from '../config/rules/rule-options.ts';
import { loginIssuers, sessionRuleOf } from '../config/session/session-rule.ts';
import { policyRules } from './rule-sets.ts';

/**
 * Creates the place.
 *
 * @returns undefined without a central host
 */
export function createCentralPlace(
  config: Config,
  isShadowed: (rule: RuleConfig, mode: Config['mode']) => boolean,
): HostedPlace | undefined {
  const { login } = config;
  if (login?.host === undefined) return undefined;
  const { host } = login;
  const covers = (rule: RuleConfig, mode: Config['mode']) =>
    !isShadowed(rule, mode) &&
    sessionRuleOf(rule, config) !== undefined &&
    (rule.match.hosts ?? [host]).some((pattern) => hostCovers(pattern, host));
  // Sessions count there in at most one policy. The central host then has the sessions of that policy.
  const owner = policyRules(config)?.find(({ rules, mode }) => rules.some((rule) => covers(rule, mode)));
  return {
    hosts: [host],
    place: {
      policy: owner?.policy ?? '',
      rule: undefined,
      issuers: login.issuers ?? loginIssuers(config),
      when: 'navigation',
      requireSameOrigin: false,
      option: 'login.host',
      isOnlyCentral: true,
    },
  };
}
