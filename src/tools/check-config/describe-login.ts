/** Describes the logins of a configuration: who signs in where, the redirect URIs to register, the cookies, and settings that are rarely intended. */
import type { Config } from '../../config/declare/options.ts';
import { redirectUris } from '../../config/login/login-addresses.ts';
import { issuerTime } from '../../config/login/login-time.ts';
import { hostCovers } from '../../config/rules/patterns.ts';
import { rulesOf } from '../../config/rules/rule-problems.ts';
import { sessionsAreShared } from '../../config/session/session-place.ts';
import { sessionRuleOf } from '../../config/session/session-rule.ts';
import { formatDuration } from '../../config/values/units.ts';
import { isLoopback } from '../../config/values/urls.ts';
import { createCookieNames } from '../../session/cookie-names.ts';

/** The timeout of the mesh that a login needs, in milliseconds. */
const loginTimeout = 5_000;

/** Describes the logins, a line each; none without `login`. */
export function loginLines(config: Config): readonly string[] {
  const { login, sessions } = config;
  if (login === undefined || sessions === undefined) return [];
  return [
    `login: on ${login.hosts.join(', ')}`,
    ...(login.host === undefined
      ? []
      : [`login: everyone signs in at ${login.host}, which hands sessions over to the other hosts`]),
    ...placeLines(config).map((line) => `login: ${line}`),
    ...redirectUris(config).map(
      ({ issuer, clientId, uris }) => `login: register at ${issuer}, client ${clientId}: ${uris.join(' ')}`,
    ),
    `login: the session cookie is ${cookieNames(config, sessions).join(', ')}`,
  ];
}

/** Warns about settings of a login that are valid but rarely intended. */
export function loginWarnings(config: Config): readonly string[] {
  const { login, sessions, limits, workers } = config;
  if (login === undefined || sessions === undefined) return [];
  const refreshesAlone = sessions.refresh && !sessionsAreShared(config);
  const share = config.state === undefined ? 'add `state`' : 'set sessions.store to valkey';
  const isLocal = (host: string) => isLoopback(new URL(`http://${host.replace(/^\*/, 'x')}`));
  const open = login.httpHosts.filter((host) => !isLocal(host));
  return [
    ...hostsWithoutLogin(config).map(
      (host) =>
        `login.hosts: no rule counts sessions on ${host}, so no person can sign in there; set \`require.login\` in a rule for it, or remove the host`,
    ),
    ...(limits.meshTimeout < loginTimeout
      ? [
          `limits.meshTimeout: a login waits at most ${formatDuration(issuerTime(limits))} for the token endpoint of the issuer; set this option and the timeout of the mesh's entry to ${formatDuration(loginTimeout)} or more`,
        ]
      : []),
    ...(refreshesAlone && workers !== 1
      ? [
          `workers: several workers renew sessions (sessions.refresh), and two of them can use the same refresh token; most issuers then end the session; ${share}, set sessions.refresh to false, or workers to 1`,
        ]
      : []),
    ...(refreshesAlone
      ? [
          `sessions.refresh: run one replica only, or ${share}; with several replicas, two of them can use the same refresh token, and most issuers then end the session`,
        ]
      : []),
    ...(login.host === undefined || sessionsAreShared(config)
      ? []
      : [
          'login.host: sessions are in cookies, so each host has a copy of the session, without its refresh token; a copy ends with the token that it forwards, and a sign-out may not reach it; set state.valkey, so that all hosts share one session',
        ]),
    ...(sessions.cookie.domain === undefined
      ? []
      : [
          `sessions.cookie.domain: every host below ${sessions.cookie.domain} receives the session cookie, and can replace it`,
        ]),
    ...open.map((host) => `login.httpHosts: the session cookie of ${host} is sent over http://`),
  ].map((warning) => `warning: ${warning}`);
}

/** The hosts of the login on which no rule counts sessions. */
function hostsWithoutLogin(config: Config): readonly string[] {
  const {
    login,
    hosts: { ports },
  } = config;
  const rules = rulesOf(config);
  if (login === undefined || rules.length === 0) return [];
  const counting = rules.filter((rule) => sessionRuleOf(rule, config) !== undefined);
  return login.hosts.filter((written) => {
    if (written === login.host) return false;
    const host = ports === 'ignore' ? written.replace(/:\d+$/, '') : written;
    const isMet = (other: string) => hostCovers(other, host) || hostCovers(host, other);
    return !counting.some(({ match }) => match.hosts === undefined || match.hosts.some(isMet));
  });
}

function placeLines(config: Config): readonly string[] {
  const { rules, policies } = config;
  if (rules === undefined && policies === undefined) return [placeLine('every request', undefined, config)];
  return [
    ...(rules ?? []).map((rule) => placeLine(`rule ${rule.name}`, rule, config)),
    ...(policies ?? []).flatMap((policy) =>
      policy.rules.map((rule) => placeLine(`rule ${policy.name}/${rule.name}`, rule, config)),
    ),
  ];
}

function placeLine(what: string, rule: Parameters<typeof sessionRuleOf>[0], config: Config): string {
  const place = sessionRuleOf(rule, config);
  if (place === undefined) return rule?.allow === 'anonymous' ? `${what}: anonymous` : `${what}: tokens only`;
  const at = place.issuers.join(', ');
  if (place.when === 'never') return `${what}: sessions of ${at} and tokens; no client is sent to log in`;
  const who = place.when === 'always' ? 'each GET without a session' : 'a browser that opens a page';
  return `${what}: sessions of ${at} and tokens; ${who} is sent to log in`;
}

function cookieNames(
  { policies = [], login }: Config,
  { cookie }: NonNullable<Config['sessions']>,
): readonly string[] {
  const names = policies.map(({ name }) => name);
  const { session } = createCookieNames(cookie, names);
  const isHttpOnly = login?.hosts.every((host) => login.httpHosts.includes(host)) ?? false;
  return (names.length === 0 ? [''] : names).map((policy) => session({ policy, isHttp: isHttpOnly }));
}
