/** What a mesh must know of the service: where it is, and which headers go to it and come from it. */

import type { Config } from '../../src/config/declare/options.ts';
import { entryHeaders } from '../../src/config/rules/entry-headers.ts';

/** How a mesh reaches the service. */
export interface Authorizer {
  /** The name that policies and APIRules call it by; a DNS label. */
  readonly name: string;
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Whole seconds: Kyma cuts fractions off, and a timeout of 0s never ends. */
  readonly timeout: string;
  /** What the mesh puts before each path of a check over HTTP; often nothing. */
  readonly pathPrefix: string;
  /** Request headers that a check over HTTP must carry. */
  readonly includeRequestHeadersInCheck: readonly string[];
  /** Headers of an allow that must reach the upstream; none where the service sets none. */
  readonly headersToUpstreamOnAllow: readonly string[];
  /** Headers of a refusal that should reach the client. */
  readonly headersToDownstreamOnDeny: readonly string[];
}

/** Says what a mesh must know of a service that was installed as `oidc-authz` in the namespace `oidc-authz`. */
export function authorizerOf(config: Config): Authorizer {
  const { include, onAllow, onDeny } = entryHeaders(config);
  return {
    name: 'oidc-authz',
    host: 'oidc-authz.oidc-authz.svc.cluster.local',
    httpPort: config.http.port,
    grpcPort: config.grpc.port,
    timeout: '2s',
    pathPrefix: config.http.pathPrefix,
    includeRequestHeadersInCheck: include,
    headersToUpstreamOnAllow: onAllow,
    headersToDownstreamOnDeny: onDeny,
  };
}
