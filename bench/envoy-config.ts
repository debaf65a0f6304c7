/** Configurations of an Envoy with a fixed answer and one kind of authorization. */
import { audience } from '../test/support/fake-issuer.ts';

/** How requests are authorized. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'jwt_authn'; readonly issuer: string; readonly jwks: string }
  | { readonly kind: 'ext_authz'; readonly protocol: 'http' | 'grpc'; readonly port: number };

const type = (name: string) => `type.googleapis.com/${name}`;

/** A static configuration. */
export function envoyConfig(
  authorization: Authorization,
  { port, adminPort }: { readonly port: number; readonly adminPort: number },
): object {
  const cluster =
    authorization.kind === 'ext_authz'
      ? [clusterOf(authorization.port, authorization.protocol === 'grpc')]
      : [];
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': type('envoy.extensions.filters.http.router.v3.Router') },
  };
  const manager = {
    '@type': type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'bench',
    http_filters: [...filtersOf(authorization), router],
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'ok' } } },
          ],
        },
      ],
    },
  };
  const filter = { name: 'envoy.filters.network.http_connection_manager', typed_config: manager };
  return {
    admin: { address: socketAddress(adminPort) },
    static_resources: {
      listeners: [{ name: 'in', address: socketAddress(port), filter_chains: [{ filters: [filter] }] }],
      clusters: cluster,
    },
  };
}

function filtersOf(authorization: Authorization): object[] {
  switch (authorization.kind) {
    case 'none':
      return [];
    case 'jwt_authn':
      return [
        {
          name: 'envoy.filters.http.jwt_authn',
          typed_config: {
            '@type': type('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication'),
            providers: {
              main: {
                issuer: authorization.issuer,
                audiences: [audience],
                local_jwks: { inline_string: authorization.jwks },
              },
            },
            rules: [{ match: { prefix: '/' }, requires: { provider_name: 'main' } }],
          },
        },
      ];
    case 'ext_authz':
      return [
        {
          name: 'envoy.filters.http.ext_authz',
          typed_config: {
            '@type': type('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz'),
            transport_api_version: 'V3',
            ...(authorization.protocol === 'grpc' ? overGrpc : overHttp),
          },
        },
      ];
    default:
      return authorization satisfies never;
  }
}

const overHttp = {
  http_service: {
    server_uri: { uri: 'http://authorizer', cluster: 'authorizer', timeout: '20s' },
    authorization_response: {
      allowed_upstream_headers: { patterns: [{ prefix: 'x-auth-request-' }] },
    },
  },
};
const overGrpc = { grpc_service: { envoy_grpc: { cluster_name: 'authorizer' }, timeout: '20s' } };

function clusterOf(port: number, isHttp2: boolean): object {
  const options = {
    '@type': type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
    explicit_http_config: { http2_protocol_options: {} },
  };
  return {
    name: 'authorizer',
    type: 'STATIC',
    connect_timeout: '10s',
    load_assignment: {
      cluster_name: 'authorizer',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(port) } }] }],
    },
    ...(isHttp2 && {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options,
      },
    }),
  };
}

function socketAddress(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
