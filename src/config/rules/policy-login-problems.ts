/** Finds policies that sign people in on the same host. A callback has no rule, so only its host can say whose login it ends. */
import type { Config } from '../declare/options.ts';
import { sessionRuleOf } from '../login/session-rule.ts';
import { quoteValue } from '../values/quote-value.ts';
import { hostCovers } from './patterns.ts';

/** A host with a login, and the rule that says so. */
interface LoginHost {
  readonly host: string;
  readonly policy: string;
  readonly path: readonly (string | number)[];
}

/** Finds them, with the option that adds the host to the second policy. Each pair of policies is reported once. */
export function policyLoginProblems(config: Config) {
  const ofPolicies = (config.policies ?? []).map((_, index) => loginHostsOf(config, index));
  return ofPolicies.flatMap((own, index) =>
    ofPolicies.slice(0, index).flatMap((earlier) => {
      const found = firstCommon(earlier, own);
      return found === undefined ? [] : [problem(found)];
    }),
  );
}

function problem({ host, earlier, own }: { host: string; earlier: LoginHost; own: LoginHost }) {
  return {
    path: own.path,
    message: `sessions count on ${quoteValue(host)} in the policy ${earlier.policy} too, and the callback of a login does not name its policy, so people could not sign in; use one policy for this host, or give the session rules of each policy their own match.hosts`,
    options: ['login'],
  };
}

function firstCommon(earlier: readonly LoginHost[], own: readonly LoginHost[]) {
  for (const one of own)
    for (const other of earlier) {
      const host = commonHost(one.host, other.host);
      if (host !== undefined) return { host, earlier: other, own: one };
    }
  return undefined;
}

/** The parts of `login.hosts` that the rules of a policy match, and where sessions count. */
function loginHostsOf(config: Config, index: number): readonly LoginHost[] {
  const { login, hosts, policies = [] } = config;
  const policy = policies[index];
  if (login === undefined || policy === undefined) return [];
  const all = hosts.ports === 'exact' ? login.hosts : login.hosts.map((host) => host.replace(/:\d+$/, ''));
  return policy.rules.flatMap((rule, ruleIndex) => {
    if (sessionRuleOf(rule, config) === undefined) return [];
    const at = ['policies', index, 'rules', ruleIndex];
    const matched = rule.match.hosts;
    if (matched === undefined) return all.map((host) => ({ host, policy: policy.name, path: at }));
    return matched.flatMap((pattern, hostIndex) =>
      all.flatMap((host) => {
        const common = commonHost(pattern, host);
        return common === undefined
          ? []
          : [{ host: common, policy: policy.name, path: [...at, 'match', 'hosts', hostIndex] }];
      }),
    );
  });
}

/** The hosts that two patterns match: one of the two, because a pattern has a wildcard only at its beginning. */
function commonHost(one: string, other: string): string | undefined {
  if (hostCovers(one, other)) return other;
  return hostCovers(other, one) ? one : undefined;
}
