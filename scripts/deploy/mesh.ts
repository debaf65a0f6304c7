/** The settings of a mesh entry for the service: its address, and the headers of checks and answers. */

import type { Config } from '../../src/config/declare/options.ts';
import { entryHeaders } from '../../src/config/rules/entry-headers.ts';

/** The settings of a mesh entry. */
export interface Authorizer {
  /** The name in policies and APIRules; a DNS label. */
  readonly name: string;
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Whole seconds: Kyma drops fractions, and with 0s Envoy waits forever. */
  readonly timeout: string;
  /** The prefix that the mesh adds to the path of each check over HTTP; usually empty. */
  readonly pathPrefix: string;
  /** Request headers that a check over HTTP must carry. */
  readonly includeRequestHeadersInCheck: readonly string[];
  /** Headers of an allow that must reach the upstream; empty if the service sets none. */
  readonly headersToUpstreamOnAllow: readonly string[];
  /** Headers of a denial that should reach the client. */
  readonly headersToDownstreamOnDeny: readonly string[];
}

/** The settings for the release `oidc-authz` in the namespace `oidc-authz`. */
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
