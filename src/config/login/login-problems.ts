/** Problems between the login, the issuers and the rules. */
import type { Config } from '../declare/options.ts';
import { hostCovers } from '../rules/patterns.ts';
import type { RuleConfig } from '../rules/rule-options.ts';
import { loginIssuers, sessionRuleOf } from '../session/session-rule.ts';
import { quoteValue } from '../values/quote-value.ts';
import { policyHostsProblems } from './policy-hosts-problems.ts';

/** A problem, its path, and the other options that it depends on. */
interface LoginProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly options?: readonly string[];
}

const needsLogin = 'has no effect without the section `login`; add it, or remove this option';

/** Finds the problems of `login`, of the issuers with a login, and of policies whose cookies would be confused. */
export function loginProblems(config: Config): readonly LoginProblem[] {
  const { login, issuers, policies = [] } = config;
  if (login === undefined)
    return issuers.flatMap((issuer, index) =>
      issuer.login === undefined
        ? []
        : [{ path: ['issuers', index, 'login'], message: needsLogin, options: ['login'] }],
    );
  const known = loginIssuers(config);
  return [
    ...(known.length === 0
      ? [
          {
            path: ['login'],
            message:
              'no issuer has `login`, so no person can sign in; add `login` with a clientId to an issuer, or remove this section',
            options: ['issuers'],
          },
        ]
      : []),
    ...nameProblems(login.issuers ?? [], ['login', 'issuers'], known),
    ...segmentProblems(config),
    ...policyHostsProblems(config),
    ...policies.flatMap(({ name }, index) =>
      /^login(-|$)|\.[0-9]$/.test(name)
        ? [
            {
              path: ['policies', index, 'name'],
              message:
                'must not begin with login- or end with a dot and a digit, because the name of a session cookie ends with it; use another name',
              options: ['login'],
            },
          ]
        : [],
    ),
  ];
}

/** Finds the problems of what a rule says about logins and sessions; paths are below the rule. */
export function loginProblemsOfRule(rule: RuleConfig, config: Config): readonly LoginProblem[] {
  const found = [...contradictions(rule), ...withoutEffect(rule, config)];
  if (found.length > 0 || config.login === undefined) return found;
  const required = rule.require?.login;
  const names = Array.isArray(required)
    ? nameProblems(required, ['require', 'login'], loginIssuers(config))
    : [];
  return names.length > 0 ? names : hostProblems(rule, config);
}

function contradictions({ login, require }: RuleConfig): LoginProblem[] {
  const required = require?.login;
  if (login === undefined || required === undefined || login === required) return [];
  if (login === 'never' || typeof required === 'string')
    return [
      {
        path: ['login'],
        message: `contradicts \`require.login: ${typeof required === 'string' ? required : `[${required.join(', ')}]`}\`; remove one of the two`,
      },
    ];
  return [];
}

function withoutEffect(rule: RuleConfig, config: Config): LoginProblem[] {
  const { login, require, requireSameOrigin } = rule;
  const required = require?.login;
  const asks = login !== undefined && login !== 'never';
  const counts = required !== undefined && required !== 'never';
  const options = ['login', 'issuers'];
  if (config.login === undefined)
    return [
      ...(counts ? [{ path: ['require', 'login'], message: needsLogin, options }] : []),
      ...(asks ? [{ path: ['login'], message: needsLogin, options }] : []),
      ...(requireSameOrigin === undefined
        ? []
        : [{ path: ['requireSameOrigin'], message: needsLogin, options }]),
    ];
  if (asks && require === undefined)
    return [
      {
        path: ['login'],
        message:
          'has no effect without `require`; write `require: {}` to accept every person who signs in, or remove it',
      },
    ];
  if (requireSameOrigin !== undefined && sessionRuleOf(rule, config) === undefined)
    return [
      {
        path: ['requireSameOrigin'],
        message:
          'has no effect, because sessions do not count for this rule; set `require.login`, or remove it',
      },
    ];
  return [];
}

/** Finds hosts of a rule on which no person can have a session. */
function hostProblems(rule: RuleConfig, config: Config): LoginProblem[] {
  const { login, sessions } = config;
  const place = sessionRuleOf(rule, config);
  if (login === undefined || place === undefined) return [];
  // A cookie of a domain is also sent to hosts without a login.
  if (place.when === 'never' && sessions?.cookie.domain !== undefined) return [];
  const isExact = config.hosts.ports === 'exact';
  const hosts = login.hosts.map((host) => (isExact ? host : host.replace(/:\d+$/, '')));
  return (rule.match.hosts ?? []).flatMap((host, index) =>
    hosts.some((other) => hostCovers(other, host) || hostCovers(host, other))
      ? []
      : [
          {
            path: ['match', 'hosts', index],
            message: `no person can sign in on ${quoteValue(host)}, because login.hosts does not have it; add it there, or remove the login of this rule`,
            options: ['login', 'sessions'],
          },
        ],
  );
}

function nameProblems(
  names: readonly string[],
  at: readonly string[],
  known: readonly string[],
): LoginProblem[] {
  return names.flatMap((name, index) =>
    known.includes(name)
      ? []
      : [
          {
            path: [...at, index],
            message: `must be the name of an issuer with \`login\`; configured: ${known.length === 0 ? 'none' : known.join(', ')}`,
            options: ['issuers'],
          },
        ],
  );
}

/** With several issuers, the name of each is the last segment of its redirect URI. An escape in a path would be ambiguous. */
function segmentProblems({ issuers }: Config): LoginProblem[] {
  if (issuers.filter(({ login }) => login !== undefined).length < 2) return [];
  return issuers.flatMap(({ name, login }, index) =>
    login === undefined || /^(?=.*[^.])[A-Za-z0-9._~-]*[A-Za-z0-9_~-]$/.test(name)
      ? []
      : [
          {
            path: ['issuers', index, 'name'],
            message: `must have only letters, digits and . _ ~ -, and not end with a dot, because several issuers sign people in and the redirect URI of each ends with its name, got ${quoteValue(name)}; set a name such as \`main\``,
            options: ['issuers'],
          },
        ],
  );
}
