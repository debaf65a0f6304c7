/** Envoy configurations as Istio writes them for an AuthorizationPolicy with the action CUSTOM. */

/** The settings of the mesh for the authorizer. */
export interface MeshOptions {
  readonly transport: 'http' | 'grpc';
  /** Ports of the authorizer's replicas on this machine. */
  readonly authorizers: readonly number[];
  /** The port of the protected workload. */
  readonly workload: number;
  /** `failOpen` of the extension provider. */
  readonly failOpen?: boolean;
  /** `headersToUpstreamOnAllow`: names, or prefixes followed by `*`. */
  readonly headersToUpstreamOnAllow?: readonly string[];
  /** `headersToDownstreamOnDeny`; all headers by default. */
  readonly headersToDownstreamOnDeny?: readonly string[];
  /** `headersToDownstreamOnAllow`; no headers by default. */
  readonly headersToDownstreamOnAllow?: readonly string[];
  /** `includeRequestHeadersInCheck`. */
  readonly includeRequestHeadersInCheck?: readonly string[];
  /** `pathPrefix` of the extension provider: the text in front of the path of an HTTP check. */
  readonly pathPrefix?: string;
  /** `typed_extension_protocol_options` that an EnvoyFilter merges into the authorizer's cluster. They replace istiod's. */
  readonly protocolOptions?: object;
  /** Requires client certificates, as a Gateway with `tls.mode: MUTUAL` does. Over gRPC, checks include them. */
  readonly clientTls?: ClientTls;
  /** Ends TLS of browsers, as a Gateway with `tls.mode: SIMPLE` does. */
  readonly serverTls?: ServerTls;
  /** `includeRequestBodyInCheck` of the extension provider: a check includes the body of its request. */
  readonly requestBody?: RequestBody;
  /** `timeout` of the extension provider, in seconds. */
  readonly timeout?: number;
  /** A file with the endpoints of the authorizer, for replicas that change; see {@link endpointsFile}. */
  readonly endpointsFrom?: string;
}

/** How a check includes a body. */
export interface RequestBody {
  /** `maxRequestBytes`. */
  readonly maxBytes: number;
  /** `allowPartialMessage`: whether the first bytes of a larger body are sent. If not, Envoy rejects the request. */
  readonly allowPartial: boolean;
  /** `packAsBytes`, over gRPC: whether the body is in `raw_body` instead of `body`. */
  readonly asBytes: boolean;
}

/** The certificate of a server. */
export interface ServerTls {
  readonly certFile: string;
  readonly keyFile: string;
}

/** TLS with client certificates. */
export interface ClientTls extends ServerTls {
  /** The CA of the client certificates. */
  readonly caFile: string;
  /** How the proxy handles x-forwarded-client-cert from a client. */
  readonly forwardClientCert: 'SANITIZE_SET' | 'APPEND_FORWARD';
  /** The certificate fields that the proxy sends in addition to the hash; Istio's by default. */
  readonly details?: Readonly<Partial<Record<'cert' | 'chain' | 'subject' | 'uri' | 'dns', boolean>>>;
}

interface Ports {
  readonly port: number;
  readonly adminPort: number;
}

const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });
const cluster = 'outbound|authorizer';

/** Creates the configuration of a sidecar for a workload. */
export function istioSidecar(options: MeshOptions, { port, adminPort }: Ports): object {
  return {
    admin: { address: address(adminPort) },
    static_resources: {
      listeners: [listener(options, port)],
      clusters: [
        {
          name: 'inbound',
          connect_timeout: '10s',
          type: 'STATIC',
          load_assignment: endpoints('inbound', [options.workload]),
        },
        authorizerCluster(options),
      ],
    },
    node: { id: 'sidecar', cluster: 'orders' },
  };
}

/** Creates the configuration of a gateway that ends TLS of clients and calls a sidecar with its own certificate. */
export function istioGateway(
  { clientTls, sidecar }: { readonly clientTls: ClientTls; readonly sidecar: number },
  { port, adminPort }: Ports,
): object {
  const { certFile, keyFile } = clientTls;
  const to = 'outbound|sidecar';
  return {
    admin: { address: address(adminPort) },
    static_resources: {
      listeners: [
        {
          name: 'gateway',
          address: address(port),
          filter_chains: [
            {
              transport_socket: transportSocket(clientTls),
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: {
                    ...type(
                      'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                    ),
                    stat_prefix: 'gateway',
                    ...clientCertDetails(clientTls),
                    max_request_headers_kb: 96,
                    route_config: {
                      virtual_hosts: [
                        {
                          name: 'all',
                          domains: ['*'],
                          routes: [{ match: { prefix: '/' }, route: { cluster: to } }],
                        },
                      ],
                    },
                    http_filters: [router()],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: to,
          connect_timeout: '10s',
          type: 'STATIC',
          load_assignment: endpoints(to, [sidecar]),
          transport_socket: {
            name: 'envoy.transport_sockets.tls',
            typed_config: {
              ...type('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
              common_tls_context: {
                tls_certificates: [
                  { certificate_chain: { filename: certFile }, private_key: { filename: keyFile } },
                ],
              },
            },
          },
        },
      ],
    },
    node: { id: 'gateway', cluster: 'gateway' },
  };
}

function clientCertDetails({ forwardClientCert, details }: ClientTls): object {
  return {
    forward_client_cert_details: forwardClientCert,
    set_current_client_cert_details: details ?? { uri: true, subject: true },
  };
}

/** Creates the text of a file with the endpoints of the authorizer's replicas. */
export function endpointsFile(ports: readonly number[], version: number): string {
  const assignment = {
    ...type('envoy.config.endpoint.v3.ClusterLoadAssignment'),
    ...endpoints(cluster, ports),
  };
  return JSON.stringify({ version_info: String(version), resources: [assignment] });
}

function listener(options: MeshOptions, port: number): object {
  const { clientTls, serverTls, requestBody } = options;
  return {
    name: 'inbound',
    address: address(port),
    // Envoy stores a body until its check is answered, and rejects larger ones.
    ...(requestBody !== undefined && { per_connection_buffer_limit_bytes: 2 * requestBody.maxBytes }),
    filter_chains: [
      {
        ...(clientTls !== undefined && { transport_socket: transportSocket(clientTls) }),
        ...(serverTls !== undefined && { transport_socket: browserSocket(serverTls) }),
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              ...type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
              stat_prefix: 'inbound',
              ...(clientTls !== undefined && clientCertDetails(clientTls)),
              // A gateway is the edge: it sets x-forwarded-proto and x-forwarded-for itself.
              // Over HTTP/2, each cookie counts as a header, of which Envoy takes 100 by default.
              ...(serverTls !== undefined && {
                use_remote_address: true,
                common_http_protocol_options: { max_headers_count: 500 },
              }),
              // Istio's default path normalization.
              normalize_path: true,
              path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
              max_request_headers_kb: 96,
              route_config: {
                name: 'inbound',
                virtual_hosts: [
                  {
                    name: 'all',
                    domains: ['*'],
                    routes: [{ match: { prefix: '/' }, route: { cluster: 'inbound', timeout: '0s' } }],
                  },
                ],
              },
              http_filters: [shadowRules(), externalAuthorization(options), router()],
              upgrade_configs: [{ upgrade_type: 'websocket' }],
            },
          },
        ],
      },
    ],
  };
}

/** The rules of the policy as shadow rules: a match makes the next filter send a check. */
function shadowRules(): object {
  const policy = { permissions: [{ any: true }], principals: [{ any: true }] };
  return {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      ...type('envoy.extensions.filters.http.rbac.v3.RBAC'),
      shadow_rules: {
        action: 'DENY',
        policies: { 'istio-ext-authz-oidc-authz-ns[shop]-policy[orders]-rule[0]': policy },
      },
      shadow_rules_stat_prefix: 'istio_ext_authz_',
    },
  };
}

function transportSocket({ certFile, keyFile, caFile }: ClientTls): object {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      ...type('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      require_client_certificate: true,
      common_tls_context: {
        tls_certificates: [{ certificate_chain: { filename: certFile }, private_key: { filename: keyFile } }],
        validation_context: { trusted_ca: { filename: caFile } },
      },
    },
  };
}

function browserSocket({ certFile, keyFile }: ServerTls): object {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      ...type('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_certificates: [{ certificate_chain: { filename: certFile }, private_key: { filename: keyFile } }],
      },
    },
  };
}

function externalAuthorization(options: MeshOptions): object {
  const { transport, timeout = 2, failOpen = false, requestBody } = options;
  const service =
    transport === 'grpc'
      ? {
          grpc_service: {
            envoy_grpc: { cluster_name: cluster, authority: 'oidc-authz.oidc-authz.svc.cluster.local' },
            timeout: `${timeout}s`,
          },
        }
      : {
          http_service: httpService(options, timeout),
          allowed_headers: patterns(options.includeRequestHeadersInCheck ?? ['x-request-id']),
        };
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      ...type('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz'),
      ...service,
      transport_api_version: 'V3',
      failure_mode_allow: failOpen,
      ...(requestBody !== undefined && {
        with_request_body: {
          max_request_bytes: requestBody.maxBytes,
          allow_partial_message: requestBody.allowPartial,
          pack_as_bytes: requestBody.asBytes,
        },
      }),
      ...(options.clientTls !== undefined && { include_peer_certificate: true }),
      filter_enabled_metadata: {
        filter: 'envoy.filters.http.rbac',
        path: [{ key: 'istio_ext_authz_shadow_effective_policy_id' }],
        value: { string_match: { prefix: 'istio-ext-authz-oidc-authz' } },
      },
    },
  };
}

function httpService(
  {
    headersToUpstreamOnAllow = ['x-auth-request-*'],
    headersToDownstreamOnDeny = [],
    headersToDownstreamOnAllow = [],
    pathPrefix,
  }: MeshOptions,
  timeout: number,
): object {
  const uri = 'http://oidc-authz.oidc-authz.svc.cluster.local';
  const authorizationResponse = {
    ...(headersToUpstreamOnAllow.length > 0 && {
      allowed_upstream_headers: patterns(headersToUpstreamOnAllow),
    }),
    ...(headersToDownstreamOnDeny.length > 0 && {
      allowed_client_headers: patterns(headersToDownstreamOnDeny),
    }),
    ...(headersToDownstreamOnAllow.length > 0 && {
      allowed_client_headers_on_success: patterns(headersToDownstreamOnAllow),
    }),
  };
  return {
    server_uri: { uri, cluster, timeout: `${timeout}s` },
    ...(pathPrefix !== undefined && { path_prefix: pathPrefix }),
    ...(Object.keys(authorizationResponse).length > 0 && { authorization_response: authorizationResponse }),
  };
}

function patterns(names: readonly string[]): object {
  return {
    patterns: names.map((name) =>
      name.endsWith('*')
        ? { prefix: name.slice(0, -1), ignore_case: true }
        : { exact: name, ignore_case: true },
    ),
  };
}

function router(): object {
  return {
    name: 'envoy.filters.http.router',
    typed_config: type('envoy.extensions.filters.http.router.v3.Router'),
  };
}

function authorizerCluster({ transport, authorizers, endpointsFrom, protocolOptions }: MeshOptions): object {
  const protocol = transport === 'grpc' ? { http2_protocol_options: {} } : { http_protocol_options: {} };
  const where =
    endpointsFrom === undefined
      ? { type: 'STATIC', load_assignment: endpoints(cluster, authorizers) }
      : {
          type: 'EDS',
          eds_cluster_config: {
            eds_config: { path_config_source: { path: endpointsFrom }, resource_api_version: 'V3' },
          },
        };
  return {
    name: cluster,
    connect_timeout: '10s',
    ...where,
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        ...type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: protocol,
      },
      ...protocolOptions,
    },
  };
}

function endpoints(name: string, ports: readonly number[]): object {
  return {
    cluster_name: name,
    endpoints: [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: address(port) } })) }],
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
