/** Finds policies where sessions count on the same host. A callback has no rule, so only its host can say whose login it ends. */
import type { Config } from '../declare/options.ts';
import { hostCovers } from '../rules/patterns.ts';
import { sessionRuleOf } from '../session/session-rule.ts';
import { quoteValue } from '../values/quote-value.ts';

type Path = readonly (string | number)[];

/** Finds them, with the option that adds the host to the second policy. Each pair of policies is reported once. */
export function policyHostsProblems(config: Config) {
  const all = (config.policies ?? []).map(({ name }, index) => ({ name, hosts: hostsOf(config, index) }));
  return all.flatMap(({ hosts }, index) =>
    all.slice(0, index).flatMap((earlier) => {
      const [found] = hosts.flatMap(({ host, path }) =>
        earlier.hosts.flatMap((other) => commonHost(host, other.host).map((common) => ({ path, common }))),
      );
      return found === undefined ? [] : [problem(found.path, found.common, earlier.name)];
    }),
  );
}

function problem(path: Path, host: string, policy: string) {
  const message = `sessions count on ${quoteValue(host)} in the policy ${policy} too, and the callback of a login does not name its policy, so people could not sign in; use one policy for this host, or give the session rules of each policy their own match.hosts`;
  return { path, message, options: ['login'] };
}

/** The parts of `login.hosts` that the rules of a policy match, and where sessions count. */
function hostsOf(config: Config, index: number): readonly { readonly host: string; readonly path: Path }[] {
  const { login, hosts, policies = [] } = config;
  const all = (login?.hosts ?? []).map((host) =>
    hosts.ports === 'exact' ? host : host.replace(/:\d+$/, ''),
  );
  return (policies[index]?.rules ?? []).flatMap((rule, ruleIndex) => {
    if (sessionRuleOf(rule, config) === undefined) return [];
    const at = ['policies', index, 'rules', ruleIndex];
    return (
      rule.match.hosts?.flatMap((pattern, hostIndex) => {
        const path = [...at, 'match', 'hosts', hostIndex];
        return all.flatMap((host) => commonHost(pattern, host).map((common) => ({ host: common, path })));
      }) ?? all.map((host) => ({ host, path: at }))
    );
  });
}

/** The hosts that both patterns match: one of the two or none, because a pattern has a wildcard only at its beginning. */
function commonHost(one: string, other: string): readonly string[] {
  if (hostCovers(one, other)) return [other];
  return hostCovers(other, one) ? [one] : [];
}
