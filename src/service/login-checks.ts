/** What the checks of a configuration need for logins: where sessions count, and the paths of the login. */
import type { Authenticate } from '../check/authenticate.ts';
import type { CheckLogin } from '../check/check.ts';
import { createDryLogins } from '../check/login/dry-logins.ts';
import { loginTime } from '../check/login/login-deadline.ts';
import { type AnswerOwnPath, createAnswerOwnPath, type HostedPlace } from '../check/login/own-paths.ts';
import { createSignIn } from '../check/login/sign-in.ts';
import type { RuledCheckParts, RuledLogin } from '../check/ruled-check.ts';
import type { SelectRule } from '../check/rules/select-rule.ts';
import { createSessionForward } from '../check/upstream-headers.ts';
import type { Config } from '../config/declare/options.ts';
import { createReadLoginHost } from '../config/login/login-hosts.ts';
import { sessionRuleOf } from '../config/login/session-rule.ts';
import type { RuleConfig } from '../config/rules/rule-options.ts';
import type { LoginPlace, Logins, PlaceOfPath } from '../login/logins.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** The dependencies. */
export interface LoginCheckParts {
  readonly config: Config;
  readonly logins: Logins;
  readonly authenticate: Authenticate;
  /** Headers that any rule sets; they are removed. */
  readonly headers: readonly string[];
  readonly clock: Clock;
}

/** Rules with the selection among them. */
interface SelectedRules extends Pick<RuledCheckParts, 'rules' | 'mode'> {
  readonly select: SelectRule;
  /** Their path in the configuration, such as `policies[0].rules`. */
  readonly path: string;
  /** The name of the policy, or empty. */
  readonly policy: string;
}

/**
 * Creates them. While an incumbent decides, no path is taken away from it, and logins have no effects: the decision of this service is
 * only compared. In shadow mode, sessions count, but no path is taken away from the workload, and nobody is sent to log in.
 */
export function createLoginChecks({ config, logins, authenticate, headers, clock }: LoginCheckParts): {
  readonly ofRules: (rules: SelectedRules) => RuledLogin;
  readonly ofService: () => CheckLogin;
} {
  const { limits, shadow, login, hosts } = config;
  const hasIncumbent = shadow.authorizer !== '';
  const parts = {
    logins: hasIncumbent ? createDryLogins(logins) : logins,
    authenticate,
    readHost: createReadLoginHost(login?.hosts ?? [], hosts.ports),
    time: loginTime(limits),
    clock,
  };
  const portsAreIgnored = hosts.ports === 'ignore';
  const placeOfRule = (
    rule: RuleConfig | undefined,
    path: string,
    policy: string,
  ): LoginPlace | undefined => {
    const counts = sessionRuleOf(rule, config);
    return (
      counts && {
        ...counts,
        policy,
        rule: rule?.name,
        option: [path, ...counts.option].filter((part) => part !== '').join('.'),
      }
    );
  };
  const ownPaths = (
    policy: string,
    places: readonly HostedPlace[],
    placeOf: PlaceOfPath,
  ): AnswerOwnPath | undefined =>
    hasIncumbent || places.length === 0
      ? undefined
      : createAnswerOwnPath({ ...parts, policy, places, placeOf, portsAreIgnored });

  return {
    ofRules: ({ rules, mode, select, path, policy }) => {
      const isShadowed = (rule: RuleConfig | undefined) => (rule?.mode ?? mode) === 'shadow';
      const places = rules.map((rule, index) => placeOfRule(rule, `${path}[${index}]`, policy));
      const enforced = rules.flatMap((rule, index): readonly HostedPlace[] => {
        const place = places[index];
        return place === undefined || isShadowed(rule) ? [] : [{ place, hosts: rule.match.hosts }];
      });
      const signIns = places.map((place, index) =>
        place === undefined ? undefined : createSignIn(parts, place, isShadowed(rules[index])),
      );
      const forwards = rules.map(({ outputClaimToHeaders = config.outputClaimToHeaders }) =>
        createSessionForward({ ...config, outputClaimToHeaders }, headers),
      );
      const unruled = createSessionForward(config, headers);
      const placeOf: PlaceOfPath = (request, target) => {
        const selected = select({ ...request, method: 'GET', path: target });
        return typeof selected === 'number' ? places[selected] : undefined;
      };
      return {
        answerOwnPath: ownPaths(policy, enforced, placeOf),
        signInOf: (rule) => signIns[rule],
        forwardOf: (rule) => forwards[rule] ?? unruled,
      };
    },
    ofService: () => {
      const place = placeOfRule(undefined, '', '');
      if (place === undefined) throw new TypeError('a configuration without login has no place for a login');
      const isShadowed = config.mode === 'shadow';
      const places = isShadowed ? [] : [{ place, hosts: undefined }];
      return {
        signIn: createSignIn(parts, place, isShadowed),
        answerOwnPath: ownPaths('', places, () => place),
        forward: createSessionForward(config, headers),
      };
    },
  };
}
