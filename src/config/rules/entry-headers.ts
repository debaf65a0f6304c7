/** The headers that the mesh's entry must list for a configuration. */

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

/** The header lists of an entry. */
export interface EntryHeaders {
  /** Request headers that the check needs. */
  readonly include: readonly string[];
  /** Headers of an allow that the workload must receive. */
  readonly onAllow: readonly string[];
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
    ...(config.setAuthorizationHeader ? ['authorization'] : []),
    ...(config.compat === 'oauth2-proxy' && config.identityHeaders === 'set' ? [compatHeader] : []),
  ];
  return {
    include: [...new Set(include)],
    onAllow: [...new Set(onAllow)],
    onDeny: [...denialHeaders, ...(config.shadow.authorizer === '' ? [] : incumbentDenialHeaders)],
  };
}

/** Whether checks read client certificates from a header. */
export function usesClientCertificates({
  clientCertificates: { trustedHops, trustedProxyUri },
}: Config): boolean {
  return trustedHops > 0 || trustedProxyUri !== '';
}
