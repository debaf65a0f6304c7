/** The settings that a proxy must have for a login. */
import type { Config } from '../../config/declare/options.ts';
import { loginPaths, redirectUris } from '../../config/login/login-addresses.ts';
import { formatDuration } from '../../config/values/units.ts';
import type { Target } from './options.ts';

/** The settings that a login needs. */
export interface LoginNeeds {
  /** The patterns of the paths that the service answers itself, in the form of rules. */
  readonly paths: readonly string[];
  /** The redirect URIs to register at each issuer, as sentences. */
  readonly registrations: readonly string[];
  /** The host where everyone signs in; undefined without one. */
  readonly central: string | undefined;
  /** The port of the login listener; undefined if it is disabled. */
  readonly listenerPort: number | undefined;
  /** The paths of the login listener at which issuers end sessions, with their method. */
  readonly logouts: readonly { readonly path: string; readonly method: 'GET' | 'POST' }[];
  /** Whether the configuration expects a shorter timeout than a login needs. */
  readonly expectsShortTimeout: boolean;
}

/** The timeout that a login needs, in milliseconds: one check redeems the code at the issuer. */
export const loginTimeout = 5_000;

/** Targets that pass no header of an allow to the browser over HTTP. */
const withoutBrowserHeaders: readonly Target[] = ['envoy-gateway', 'gateway-api'];

/** Whether the login works on a target only over gRPC. */
export function needsGrpc({ login }: Config, target: Target): boolean {
  return login !== undefined && withoutBrowserHeaders.includes(target);
}

/** Finds the settings; undefined without a login. */
export function loginNeeds(config: Config): LoginNeeds | undefined {
  const { login, limits } = config;
  if (login === undefined) return undefined;
  const { enabled, port } = login.listener;
  return {
    paths: ownPathPatterns(login),
    registrations: redirectUris(config).map(
      ({ issuer, clientId, uris }) =>
        `At the issuer ${issuer}, register these redirect URIs of the client ${clientId}: ${uris.join(', ')}`,
    ),
    central: login.host,
    listenerPort: enabled ? port : undefined,
    logouts: enabled ? logoutPaths(config) : [],
    expectsShortTimeout: limits.meshTimeout < loginTimeout,
  };
}

/** Advice about the login, for the comment of the output. */
export function loginAdvice(
  { paths, registrations, central, listenerPort, logouts, expectsShortTimeout }: LoginNeeds,
  timeout: number,
  target: Target,
): readonly string[] {
  const all = paths.join(', ');
  return [
    ...registrations,
    ...(central === undefined
      ? []
      : [
          `Everyone signs in at ${central}: route ${all} of this host to the authorizer too, with a check or to the listener of the login.`,
        ]),
    `The route and the policy of each host must cover ${all}. The authorizer answers these paths itself.`,
    ...(expectsShortTimeout && timeout >= loginTimeout
      ? [
          `Set \`limits.meshTimeout: ${formatDuration(timeout)}\`: a login waits for the issuer at most 80 % of it.`,
        ]
      : []),
    ...(listenerPort !== undefined && target !== 'kyma'
      ? [`To show pages with their own status, route ${all} to port ${listenerPort} without a check.`]
      : []),
    ...(logouts.length === 0
      ? []
      : [
          `The issuers end sessions at ${logouts.map(({ path }) => path).join(', ')}: register the address at each issuer, and route it to port ${listenerPort} without a check.`,
        ]),
  ];
}

/** The name of an issuer is the last segment of its path. */
function logoutPaths({ issuers, sessions }: Config): LoginNeeds['logouts'] {
  const names = issuers.flatMap(({ name, login }) => (login === undefined ? [] : encodeURIComponent(name)));
  return [
    ...(sessions?.backChannelLogout === true
      ? names.map((name) => ({ path: `/back-channel-logout/${name}`, method: 'POST' as const }))
      : []),
    ...(sessions?.frontChannelLogout === true
      ? names.map((name) => ({ path: `/front-channel-logout/${name}`, method: 'GET' as const }))
      : []),
  ];
}

/** All paths below the prefix, and the renamed paths outside of it. */
function ownPathPatterns({ paths, host }: NonNullable<Config['login']>): readonly string[] {
  const { prefix } = paths;
  const { callback, ...others } = loginPaths(paths, host);
  const isOutside = (path: string) => !path.startsWith(`${prefix}/`);
  return [
    `${prefix}/{**}`,
    ...(isOutside(callback) ? [callback, `${callback}/{**}`] : []),
    ...Object.values(others).filter(isOutside),
  ];
}
