/** What a mesh must know of the service: where it is, and which headers go to it and come from it. */
import type { Config } from '../../src/config/options.ts';
import { rulesOf } from '../../src/config/rule-problems.ts';

/** How a mesh reaches the service. */
export interface Authorizer {
  /** The name that policies and APIRules call it by; a DNS label. */
  readonly name: string;
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Whole seconds: Kyma cuts fractions off, and a timeout of 0s never ends. */
  readonly timeout: string;
  /** Request headers that a check over HTTP must carry. */
  readonly includeRequestHeadersInCheck: readonly string[];
  /** Headers of an allow that must reach the upstream; none where the service sets none. */
  readonly headersToUpstreamOnAllow: readonly string[];
  /** Headers of a refusal that should reach the client. */
  readonly headersToDownstreamOnDeny: readonly string[];
}

/** Says what a mesh must know of a service that was installed as `oidc-authz` in the namespace `oidc-authz`. */
export function authorizerOf(config: Config): Authorizer {
  const { http, grpc, identityHeaders, outputClaimToHeaders, outputTokenToHeader } = config;
  const claimed = [
    ...outputClaimToHeaders,
    ...rulesOf(config).flatMap((rule) => rule.outputClaimToHeaders ?? []),
  ];
  const outputs = [...claimed.map(({ header }) => header), outputTokenToHeader];
  return {
    name: 'oidc-authz',
    host: 'oidc-authz.oidc-authz.svc.cluster.local',
    httpPort: http.port,
    grpcPort: grpc.port,
    timeout: '2s',
    includeRequestHeadersInCheck: checkHeaders(config),
    headersToUpstreamOnAllow:
      identityHeaders === 'set' ? [...new Set(outputs.filter((header) => header !== ''))] : [],
    headersToDownstreamOnDeny: ['www-authenticate', 'content-type', 'cache-control', 'retry-after'],
  };
}

/** The headers of a request that a check looks at, which the mesh must pass on over HTTP. */
function checkHeaders(config: Config): readonly string[] {
  const { dpop, clientCertificates, trustedHeaders } = config;
  const { trustedHops, trustedProxyUri } = clientCertificates;
  const ofRules = rulesOf(config).flatMap(({ allowPreflight, require }) => [
    ...(allowPreflight ? ['origin', 'access-control-request-method'] : []),
    ...(require?.scopesFromHeader === undefined ? [] : [require.scopesFromHeader]),
  ]);
  return [
    ...new Set([
      'authorization',
      'x-request-id',
      ...(dpop.origins.length > 0 ? ['dpop'] : []),
      ...(trustedHops > 0 || trustedProxyUri !== '' ? ['x-forwarded-client-cert'] : []),
      ...trustedHeaders,
      ...ofRules,
    ]),
  ];
}
