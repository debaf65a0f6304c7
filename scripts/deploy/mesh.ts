/** What a mesh must know of the service: where it is, and which headers go to it and come from it. */
import type { Config } from '../../src/config/options.ts';

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
export function authorizerOf({
  http,
  grpc,
  identityHeaders,
  outputClaimToHeaders,
  outputTokenToHeader,
}: Config): Authorizer {
  const outputs = [...outputClaimToHeaders.map(({ header }) => header), outputTokenToHeader];
  return {
    name: 'oidc-authz',
    host: 'oidc-authz.oidc-authz.svc.cluster.local',
    httpPort: http.port,
    grpcPort: grpc.port,
    timeout: '2s',
    includeRequestHeadersInCheck: ['authorization', 'x-request-id'],
    headersToUpstreamOnAllow: identityHeaders === 'set' ? outputs.filter((header) => header !== '') : [],
    headersToDownstreamOnDeny: ['www-authenticate', 'content-type', 'cache-control', 'retry-after'],
  };
}
