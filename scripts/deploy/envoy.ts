/** Configurations for Envoy without a mesh, and policies for Envoy Gateway. */
import type { Authorizer } from './mesh.ts';

const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });

/** A complete static configuration: listens on 8080, sends checks to the authorizer, forwards requests to the workload. */
export function staticEnvoy(authorizer: Authorizer, transport: 'http' | 'grpc'): object {
  return {
    static_resources: {
      listeners: [
        {
          name: 'ingress',
          address: address('0.0.0.0', 8080),
          filter_chains: [{ filters: [connectionManager(authorizer, transport)] }],
        },
      ],
      clusters: [
        cluster('orders', 'orders.shop.svc.cluster.local', 80),
        transport === 'http'
          ? cluster('oidc-authz', authorizer.host, authorizer.httpPort)
          : { ...cluster('oidc-authz', authorizer.host, authorizer.grpcPort), ...http2Options() },
      ],
    },
    admin: { address: address('127.0.0.1', 9901) },
  };
}

/** Envoy Gateway's policy for a route (gateway.envoyproxy.io/v1alpha1). */
export function securityPolicy(authorizer: Authorizer, transport: 'http' | 'grpc'): object {
  const { name, httpPort, grpcPort, headersToUpstreamOnAllow } = authorizer;
  const backend = (port: number) => ({
    backendRefs: [{ name, namespace: 'oidc-authz', port }],
    // The default is 1,024 concurrent checks. A check beyond it fails.
    backendSettings: {
      circuitBreaker: {
        maxConnections: unlimited,
        maxPendingRequests: unlimited,
        maxParallelRequests: unlimited,
      },
    },
  });
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'orders' }],
      extAuth: {
        failOpen: false,
        timeout: authorizer.timeout,
        ...(transport === 'http'
          ? {
              headersToExtAuth: authorizer.includeRequestHeadersInCheck,
              http: { ...backend(httpPort), headersToBackend: headersToUpstreamOnAllow },
            }
          : { grpc: backend(grpcPort) }),
      },
    },
  };
}

/** Allows a policy of another namespace to refer to the Service (Gateway API). */
export function referenceGrant({ name }: Authorizer): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: 'security-policies', namespace: 'oidc-authz' },
    spec: {
      from: [{ group: 'gateway.envoyproxy.io', kind: 'SecurityPolicy', namespace: 'shop' }],
      to: [{ group: '', kind: 'Service', name }],
    },
  };
}

function connectionManager(authorizer: Authorizer, transport: 'http' | 'grpc'): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      ...type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
      stat_prefix: 'ingress',
      use_remote_address: true,
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT',
      // A workload with CGI-like conventions reads x_auth_request_user as x-auth-request-user.
      common_http_protocol_options: { headers_with_underscores_action: 'DROP_HEADER' },
      route_config: {
        virtual_hosts: [
          {
            name: 'orders',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { cluster: 'orders' } }],
          },
        ],
      },
      http_filters: [
        externalAuthorization(authorizer, transport),
        {
          name: 'envoy.filters.http.router',
          typed_config: type('envoy.extensions.filters.http.router.v3.Router'),
        },
      ],
    },
  };
}

function externalAuthorization(authorizer: Authorizer, transport: 'http' | 'grpc'): object {
  const { host, httpPort, timeout } = authorizer;
  const overHttp = {
    http_service: {
      server_uri: { uri: `http://${host}:${httpPort}`, cluster: 'oidc-authz', timeout },
      authorization_response: {
        allowed_upstream_headers: exactly(authorizer.headersToUpstreamOnAllow),
        allowed_client_headers: exactly(authorizer.headersToDownstreamOnDeny),
      },
    },
    allowed_headers: exactly(authorizer.includeRequestHeadersInCheck),
  };
  const overGrpc = { grpc_service: { envoy_grpc: { cluster_name: 'oidc-authz' }, timeout } };
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      ...type('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz'),
      transport_api_version: 'V3',
      failure_mode_allow: false,
      status_on_error: { code: 'ServiceUnavailable' },
      ...(transport === 'http' ? overHttp : overGrpc),
    },
  };
}

function exactly(names: readonly string[]): object {
  return { patterns: names.map((exact) => ({ exact, ignore_case: true })) };
}

/** More connections and requests than Envoy ever has open. */
const unlimited = 100_000;

function cluster(name: string, host: string, port: number): object {
  return {
    name,
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    // The default is 1024. For a check beyond it, Envoy's failure mode decides.
    circuit_breakers: {
      thresholds: [{ max_connections: unlimited, max_pending_requests: unlimited, max_requests: unlimited }],
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(host, port) } }] }],
    },
  };
}

function http2Options(): object {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    typed_extension_protocol_options: {
      [options]: {
        ...type(options),
        explicit_http_config: {
          // By default, Envoy closes the connection, with all its checks, when 1,000 resets of canceled checks wait to be sent.
          http2_protocol_options: { max_outbound_frames: 1_000_000, max_outbound_control_frames: 1_000_000 },
        },
      },
    },
  };
}

function address(host: string, port: number): object {
  return { socket_address: { address: host, port_value: port } };
}
