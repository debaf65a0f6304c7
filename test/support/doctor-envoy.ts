/** Builds Envoy configurations with mistakes for `doctor --envoy`: a listener for each case, all in one Envoy. */

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** A listener: what differs from a correct one. */
export interface CaseListener {
  readonly transport?: 'http' | 'grpc';
  /** Members of the ExtAuthz message. */
  readonly authz?: Fields;
  /** Members of `http_service`. */
  readonly service?: Fields;
  /** Members of `authorization_response`. */
  readonly response?: Fields;
  readonly timeout?: string;
  /** The cluster of the authorizer. */
  readonly cluster?: string;
  readonly manager?: Fields;
  readonly routing?: Fields;
  readonly route?: Fields;
  readonly before?: readonly unknown[];
  readonly after?: readonly unknown[];
  /** Whether the listener has no ext_authz filter. */
  readonly isOpen?: boolean;
  /** The cluster of the workload. */
  readonly workload?: string;
  /** Members of the filter, next to its configuration. */
  readonly filter?: Fields;
}

const package_ = 'type.googleapis.com/envoy.extensions.filters';

/** A message with its type. */
export const typed = (name: string, fields: Fields = {}): Fields => ({
  '@type': `${package_}.${name}`,
  ...fields,
});

/** A list of exact header names. */
export const names = (...headers: string[]): Fields => ({
  patterns: headers.map((exact) => ({ exact, ignore_case: true })),
});

/** The headers of the default configuration. */
const identityHeaders = [
  'x-auth-request-user',
  'x-auth-request-email',
  'x-auth-request-groups',
  'x-auth-request-preferred-username',
];

/** A configuration with listeners and clusters. */
export function envoyWith(
  listeners: Readonly<Record<string, CaseListener>>,
  clusters: readonly unknown[],
  adminPort: number,
): object {
  return {
    admin: { address: address(adminPort) },
    static_resources: {
      listeners: Object.entries(listeners).map(([name, one]) => ({
        name,
        address: address(0),
        filter_chains: [{ filters: [manager(one)] }],
      })),
      clusters,
    },
    node: { id: 'doctor', cluster: 'doctor' },
  };
}

/** A cluster that follows docs/envoy.md. */
export function cluster(name: string, port: number, fields: Fields = {}): object {
  const limits = { max_connections: 100_000, max_pending_requests: 100_000, max_requests: 100_000 };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    circuit_breakers: { thresholds: [limits] },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
    },
    ...fields,
  };
}

/** The options of a cluster for gRPC. */
export function http2(
  options: Fields = { max_outbound_frames: 1_000_000, max_outbound_control_frames: 1_000_000 },
): Fields {
  const name = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    typed_extension_protocol_options: {
      [name]: {
        '@type': `type.googleapis.com/${name}`,
        explicit_http_config: { http2_protocol_options: options },
      },
    },
  };
}

function manager(one: CaseListener): object {
  const routes = { match: { prefix: '/' }, route: { cluster: one.workload ?? 'workload' }, ...one.route };
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: typed('network.http_connection_manager.v3.HttpConnectionManager', {
      stat_prefix: 'ingress',
      use_remote_address: true,
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT',
      common_http_protocol_options: { headers_with_underscores_action: 'DROP_HEADER' },
      route_config: {
        virtual_hosts: [{ name: 'shop', domains: ['*'], routes: [{ name: 'orders', ...routes }] }],
        ...one.routing,
      },
      http_filters: [
        ...(one.before ?? []),
        ...(one.isOpen === true ? [] : [externalAuthorization(one)]),
        ...(one.after ?? []),
        { name: 'envoy.filters.http.router', typed_config: typed('http.router.v3.Router') },
      ],
      ...one.manager,
    }),
  };
}

/** The ext_authz filter of a listener. */
export function externalAuthorization(one: CaseListener): object {
  const { transport = 'http', timeout = '2s' } = one;
  const service =
    transport === 'grpc'
      ? { grpc_service: { envoy_grpc: { cluster_name: one.cluster ?? 'grpc' }, timeout } }
      : {
          http_service: {
            server_uri: { uri: 'http://authorizer', cluster: one.cluster ?? 'http', timeout },
            authorization_response: { allowed_upstream_headers: names(...identityHeaders), ...one.response },
            ...one.service,
          },
          allowed_headers: names('x-request-id', 'x-forwarded-for', 'x-forwarded-client-cert'),
        };
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: typed('http.ext_authz.v3.ExtAuthz', {
      transport_api_version: 'V3',
      status_on_error: { code: 'ServiceUnavailable' },
      ...service,
      ...one.authz,
    }),
    ...one.filter,
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
