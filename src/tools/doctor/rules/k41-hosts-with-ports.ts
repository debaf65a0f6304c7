/** K41: rules for hosts that do not match a host with a port. */
import { rulesOf } from '../../../config/rules/rule-problems.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** Istio ignores the port of the host when it routes a request. */
export const hostsWithPorts: Rule<World> = {
  id: 'K41',
  title: 'Rules for hosts that do not match a host with a port',
  severity: 'warning',
  effect:
    'Istio routes a request with `Host: orders.example.com:443` like one without the port, but the rule for `orders.example.com` does not match it. Another rule, or `noRuleMatches`, decides.',
  fix: 'Set `hosts.ports: ignore` in the configuration.',
  needsConfig: true,
  check: ({ ownEntries, config, ownConfig }) => {
    if (config === undefined || config.hosts.ports === 'ignore') return [];
    const [entry] = ownEntries.filter(({ kind }) => kind === 'kyma' || kind.startsWith('istio'));
    const hosts = rulesOf(config).flatMap(({ match }) => match.hosts ?? []);
    const portless = hosts.filter((host) => !/:\d+$/.test(host));
    return entry === undefined || portless.length === 0
      ? []
      : [
          {
            place: ownConfig?.place ?? {
              file: ownConfig?.source ?? '',
              object: '',
              path: 'hosts.ports',
            },
            cause: `\`hosts.ports\` is \`exact\`, and rules match the hosts ${[...new Set(portless)].join(', ')}.`,
          },
        ];
  },
};
