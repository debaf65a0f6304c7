/** The headers that the mesh's entry must list for a configuration. */

import { loginHeader } from '../../model/browser-answer.ts';
import { decisionHeader } from '../../model/decision.ts';
import type { Config } from '../declare/options.ts';
import { compatHeader } from '../values/header-names.ts';
import { rulesOf } from './rule-problems.ts';

/** Headers that an oauth2-proxy usually reads. It decides while `shadow.authorizer` is set. */
export const incumbentHeaders = ['x-forwarded-for', 'cookie'] as const;

/** Headers of a denial by an incumbent: its redirects and cookies must reach browsers. */
export const incumbentDenialHeaders = ['location', 'set-cookie'] as const;

/** Headers of a denial that the client must receive. A denial has `retry-after` only if the client can retry. */
export const denialHeaders = [
  'www-authenticate',
  'content-type',
  'cache-control',
  'retry-after',
  decisionHeader,
] as const;

/**
 * Headers that tell a browser's navigation from other requests, and find its session. `connection` must not be among them: with it, a
 * check of a WebSocket handshake would itself be an upgrade.
 */
const loginCheckHeaders = [
  'cookie',
  'accept',
  'accept-language',
  'x-requested-with',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'sec-fetch-site',
  'sec-fetch-user',
  'sec-purpose',
  'origin',
  'upgrade',
  'x-envoy-original-path',
] as const;

/** Headers of a redirect, a page or a 401 that starts a login. */
const loginDenialHeaders = ['set-cookie', 'location', loginHeader, 'vary'] as const;

/** Headers of security that pages have. */
const pageHeaders = ['content-security-policy', 'x-content-type-options', 'referrer-policy'] as const;

/** Headers that let a web application of another origin read a 401 (`login.cors`). */
const corsHeaders = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
] as const;

/** The header lists of an entry. */
export interface EntryHeaders {
  /** Request headers that the check needs. */
  readonly include: readonly string[];
  /** Headers of an allow that the workload must receive. */
  readonly onAllow: readonly string[];
  /** Headers of an allow that the browser must receive: the cookies of a session. Empty without a login. */
  readonly toBrowserOnAllow: readonly string[];
  /** Headers of a denial that the client must receive. */
  readonly onDeny: readonly string[];
}

/** Returns the header lists that a configuration needs. */
export function entryHeaders(config: Config): EntryHeaders {
  const rules = rulesOf(config);
  const include = [
    'authorization',
    config.log.requestIdHeader,
    ...(config.dpop.origins.length > 0 ? ['dpop'] : []),
    ...(usesClientCertificates(config) ? ['x-forwarded-client-cert'] : []),
    ...config.trustedHeaders,
    ...rules.flatMap(({ allowPreflight, match, require }) => [
      ...(allowPreflight ? ['origin'] : []),
      ...(allowPreflight || match.methods?.includes('OPTIONS') ? ['access-control-request-method'] : []),
      ...(match.addresses === undefined ? [] : [config.clientAddress.header]),
      ...(require?.scopesFromHeader === undefined ? [] : [require.scopesFromHeader]),
    ]),
    ...(config.login === undefined ? [] : loginCheckHeaders),
    ...(config.shadow.authorizer === '' ? [] : incumbentHeaders),
  ];
  const claims = [
    ...config.outputClaimToHeaders,
    ...rules.flatMap((rule) => rule.outputClaimToHeaders ?? []),
  ];
  const onAllow = [
    ...(config.identityHeaders === 'set' ? claims.map(({ header }) => header) : []),
    ...(config.identityHeaders === 'set' && config.outputTokenToHeader !== ''
      ? [config.outputTokenToHeader]
      : []),
    ...(config.setAuthorizationHeader || forwardsTokens(config) ? ['authorization'] : []),
    ...(config.login === undefined ? [] : ['cookie']),
    ...(config.compat === 'oauth2-proxy' && config.identityHeaders === 'set' ? [compatHeader] : []),
  ];
  return {
    include: [...new Set(include)],
    onAllow: [...new Set(onAllow)],
    toBrowserOnAllow: config.login === undefined ? [] : loginEntryHeaders.toBrowserOnAllow,
    onDeny: [...new Set([...denialHeaders, ...denialHeadersOfLogin(config), ...ofIncumbent(config)])],
  };
}

function denialHeadersOfLogin({ login }: Config): readonly string[] {
  if (login === undefined) return [];
  return [...loginEntryHeaders.onDeny, ...(login.cors.length > 0 ? loginEntryHeaders.cors : [])];
}

function ofIncumbent({ shadow }: Config): readonly string[] {
  return shadow.authorizer === '' ? [] : incumbentDenialHeaders;
}

/** The headers that a login adds to the lists, for the chart. `cors` is needed with `login.cors`. */
export const loginEntryHeaders = {
  include: loginCheckHeaders,
  toBrowserOnAllow: ['set-cookie'],
  onDeny: [...loginDenialHeaders, ...pageHeaders],
  cors: corsHeaders,
} as const;

/** Returns the header lists that a configuration needs without its login. */
export function entryHeadersWithoutLogin(config: Config): EntryHeaders {
  return entryHeaders({ ...config, login: undefined });
}

/** Whether the workload receives a token of a session. */
function forwardsTokens({ login, issuers }: Config): boolean {
  return login !== undefined && issuers.some((issuer) => (issuer.login?.forward ?? 'none') !== 'none');
}

/** Whether checks read client certificates from a header. */
export function usesClientCertificates({
  clientCertificates: { trustedHops, trustedProxyUri },
}: Config): boolean {
  return trustedHops > 0 || trustedProxyUri !== '';
}
