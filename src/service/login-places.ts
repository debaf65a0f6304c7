/** The places of a configuration where sessions count, and who answers the paths of the login. */

import { type AnswerOwnPath, createAnswerOwnPath, type HostedPlace } from '../check/login/own-paths.ts';
import type { SelectRule } from '../check/rules/select-rule.ts';
import type { Config } from '../config/declare/options.ts';
import { loginTime } from '../config/login/login-time.ts';
import { createReadLoginHost, type LoginHost } from '../config/login/read-login-host.ts';
import type { RuleConfig } from '../config/rules/rule-options.ts';
import { sessionRuleOf } from '../config/session/session-rule.ts';
import type { LoginPlace, Logins, PlaceOfPath } from '../login/logins.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createCentralPlace } from './central-place.ts';
import type { RuleSet } from './rule-sets.ts';

/** The dependencies. */
export interface LoginPlacesParts {
  readonly config: Config;
  readonly logins: Logins;
  readonly clock: Clock;
}

/** The places of some rules. */
export interface PlacesOfRules {
  /** In the order of the rules; undefined where sessions do not count. */
  readonly places: readonly (LoginPlace | undefined)[];
  /** Undefined if no rule that is enforced counts sessions. */
  readonly answerOwnPath: AnswerOwnPath | undefined;
}

/** The places of a configuration. */
export interface LoginPlaces {
  /** Says on which hosts a login can begin and end. */
  readonly readHost: (host: string) => LoginHost;
  readonly ofRules: (set: RuleSet, select: SelectRule) => PlacesOfRules;
  /** Those of a service without rules. */
  readonly ofService: () => PlacesOfRules;
  readonly isShadowed: (rule: RuleConfig | undefined, mode: Config['mode']) => boolean;
}

/**
 * Creates them. In shadow mode, sessions count, but no path is taken away from the workload. While an incumbent decides, it answers
 * every path.
 */
export function createLoginPlaces({ config, logins, clock }: LoginPlacesParts): LoginPlaces {
  const { limits, shadow, login, hosts } = config;
  const readHost = createReadLoginHost(login?.hosts ?? [], hosts.ports);
  const isShadowed: LoginPlaces['isShadowed'] = (rule, mode) => (rule?.mode ?? mode) === 'shadow';
  const placeOf = (rule: RuleConfig | undefined, path: string, policy: string): LoginPlace | undefined => {
    const counts = sessionRuleOf(rule, config);
    if (counts === undefined) return undefined;
    const option = [path, ...counts.option].filter((part) => part !== '').join('.');
    return { ...counts, policy, rule: rule?.name, option };
  };
  const central = createCentralPlace(config, isShadowed);
  const answerFor = (
    policy: string,
    mode: Config['mode'],
    places: readonly HostedPlace[],
    placeOfPath: PlaceOfPath,
  ) => {
    const isCentralServed = central !== undefined && mode !== 'shadow';
    return shadow.authorizer !== '' || (places.length === 0 && !isCentralServed)
      ? undefined
      : createAnswerOwnPath({
          logins,
          policy,
          places: isCentralServed ? [...places, central] : places,
          placeOf: placeOfPath,
          readHost,
          portsAreIgnored: hosts.ports === 'ignore',
          time: loginTime(limits),
          clock,
        });
  };

  return {
    readHost,
    isShadowed,
    ofRules: ({ rules, mode, policy, places: paths }, select) => {
      const places = rules.map((rule, index) => placeOf(rule, `${paths.rules}[${index}]`, policy));
      const enforced = rules.flatMap((rule, index): readonly HostedPlace[] => {
        const place = places[index];
        return place === undefined || isShadowed(rule, mode) ? [] : [{ place, hosts: rule.match.hosts }];
      });
      return {
        places,
        answerOwnPath: answerFor(policy, mode, enforced, (request, path) => {
          const selected = select({ ...request, method: 'GET', path });
          return typeof selected === 'number' ? places[selected] : undefined;
        }),
      };
    },
    ofService: () => {
      const place = placeOf(undefined, '', '');
      if (place === undefined) throw new TypeError('a configuration without login has no place for a login');
      const enforced = isShadowed(undefined, config.mode) ? [] : [{ place, hosts: undefined }];
      return { places: [place], answerOwnPath: answerFor('', config.mode, enforced, () => place) };
    },
  };
}
