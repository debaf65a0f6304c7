/** The settings of an Envoy without a mesh: the filter and the cluster, or a whole file. */

import type { Generated } from './generated.ts';
import { adviceFor, type Entry, type Needs, secondsText, sharedReasons } from './needs.ts';
import type { GenerateOptions } from './options.ts';

const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });
const extAuthz = 'envoy.filters.http.ext_authz';
const cluster = 'oidc-authz';

/** A host and a port. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Generates the settings of Envoy. */
export function generateEnvoy(needs: Needs, entry: Entry, options: GenerateOptions): Generated {
  const { backend, hosts, secondPart } = options;
  const reasons = {
    timeout: sharedReasons.timeout,
    failure_mode_allow: sharedReasons.failOpen,
    allowed_headers: sharedReasons.include,
    allowed_upstream_headers: sharedReasons.onAllow,
    allowed_client_headers: sharedReasons.onDeny,
    allowed_client_headers_on_success: sharedReasons.toBrowserOnAllow,
    max_outbound_frames: 'With less, a client that cancels 1,000 requests ends the checks of other clients.',
    circuit_breakers: 'By default, a check fails while 1,024 others are in progress.',
    include_peer_certificate: 'Proves that a bound token belongs to the client. This listener must end TLS.',
    trusted_ca: "The file with the CA of the authorizer's certificate.",
    tls_certificates: "Envoy's client certificate, which the authorizer requires.",
    path_prefix: 'Selects the policy. Without it, the path of the client would.',
    normalize_path: 'Envoy and the workload must read the same path.',
    headers_with_underscores_action: 'Some workloads read x_auth_request_user as x-auth-request-user.',
    forward_client_cert_details: 'A client must not control this header. This listener must end TLS.',
    ignore_port_in_host_matching: 'Needed because of `hosts.ports: ignore`.',
    typed_per_filter_config: 'Selects the policy. It belongs to the virtual host or to a route.',
  };
  const advice = adviceFor(needs, 'envoy');
  if (secondPart) {
    const name = backend?.name ?? '';
    const host = name.includes('.') ? name : `${name}.${options.workloadNamespace}.svc.cluster.local`;
    return {
      about: ['Run: envoy --mode validate --config-path FILE', ...advice],
      documents: [
        envoyBootstrap(needs, entry, { name: 'workload', host, port: backend?.port ?? 0 }, domainsOf(hosts)),
      ],
      reasons,
    };
  }
  return {
    about: [
      'Add the filter in front of the router of each HTTP connection manager, and the cluster to the clusters.',
      'The connection manager must normalize paths: `generate envoy --bootstrap` prints a whole file.',
      ...(needs.ignoresPorts
        ? ['`hosts.ports` is `ignore`: set `ignore_port_in_host_matching: true` in the route configuration.']
        : []),
      ...(needs.clientCert === undefined
        ? []
        : [`Set \`forward_client_cert_details: ${needs.clientCert}\` in the connection manager.`]),
      ...advice,
    ],
    documents: [
      {
        http_filters: [envoyFilter(needs, entry)],
        clusters: [envoyCluster(needs)],
        ...perRoute(needs),
      },
    ],
    reasons,
  };
}

/** A complete static configuration: listens on 8080, sends checks to the authorizer, forwards requests to the workload. */
export function envoyBootstrap(
  needs: Needs,
  entry: Entry,
  workload: Address & { readonly name: string },
  domains: readonly string[],
): object {
  const manager = {
    ...type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'ingress',
    use_remote_address: true,
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT',
    common_http_protocol_options: { headers_with_underscores_action: 'DROP_HEADER' },
    ...(needs.clientCert !== undefined && { forward_client_cert_details: needs.clientCert }),
    route_config: {
      ...(needs.ignoresPorts && { ignore_port_in_host_matching: true }),
      virtual_hosts: [
        {
          name: workload.name,
          domains,
          routes: [{ match: { prefix: '/' }, route: { cluster: workload.name } }],
          ...perRoute(needs),
        },
      ],
    },
    http_filters: [
      envoyFilter(needs, entry),
      {
        name: 'envoy.filters.http.router',
        typed_config: type('envoy.extensions.filters.http.router.v3.Router'),
      },
    ],
  };
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
  return {
    static_resources: {
      listeners: [{ name: 'ingress', address: address('0.0.0.0', 8080), filter_chains: [{ filters }] }],
      clusters: [clusterOf(workload.name, workload), envoyCluster(needs)],
    },
    admin: { address: address('127.0.0.1', 9901) },
  };
}

function domainsOf(hosts: readonly string[]): readonly string[] {
  return hosts.length === 0 ? ['*'] : hosts;
}

function envoyFilter({ transport, service, port, timeout, headers, ...needs }: Needs, entry: Entry): object {
  const time = secondsText(timeout);
  const scheme = needs.tls === undefined ? 'http' : 'https';
  const overHttp = {
    http_service: {
      server_uri: { uri: `${scheme}://${service.host}:${port}`, cluster, timeout: time },
      ...(entry.pathPrefix !== '' && { path_prefix: entry.pathPrefix }),
      authorization_response: {
        ...(headers.onAllow.length > 0 && { allowed_upstream_headers: exactly(headers.onAllow) }),
        allowed_client_headers: exactly(headers.onDeny),
        ...(headers.toBrowserOnAllow.length > 0 && {
          allowed_client_headers_on_success: exactly(headers.toBrowserOnAllow),
        }),
      },
    },
    allowed_headers: exactly(headers.include),
  };
  const overGrpc = {
    grpc_service: { envoy_grpc: { cluster_name: cluster }, timeout: time },
    ...(needs.includesPeerCertificate && { include_peer_certificate: true }),
  };
  return {
    name: extAuthz,
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

/** The policy of the routes, for checks over gRPC. */
function perRoute({ transport, policy }: Needs): object {
  if (transport === 'http' || policy === undefined) return {};
  const settings = {
    ...type('envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'),
    check_settings: { context_extensions: { policy } },
  };
  return { typed_per_filter_config: { [extAuthz]: settings } };
}

/** More connections and requests than Envoy ever has open. */
export const unlimited = 100_000;

function envoyCluster({ transport, service, port, tls }: Needs): object {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    ...clusterOf(cluster, { host: service.host, port }),
    ...(transport === 'grpc' && {
      typed_extension_protocol_options: {
        [options]: {
          ...type(options),
          explicit_http_config: {
            http2_protocol_options: {
              max_outbound_frames: 1_000_000,
              max_outbound_control_frames: 1_000_000,
            },
          },
        },
      },
    }),
    ...(tls !== undefined && {
      transport_socket: {
        name: 'envoy.transport_sockets.tls',
        typed_config: {
          ...type('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
          sni: service.host,
          common_tls_context: {
            ...(transport === 'grpc' && { alpn_protocols: ['h2'] }),
            ...(tls.needsClientCertificate && {
              tls_certificates: [
                {
                  certificate_chain: { filename: '/etc/envoy/tls/tls.crt' },
                  private_key: { filename: '/etc/envoy/tls/tls.key' },
                },
              ],
            }),
            validation_context: {
              trusted_ca: { filename: '/etc/ssl/certs/ca-certificates.crt' },
              match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: service.host } }],
            },
          },
        },
      },
    }),
  };
}

function clusterOf(name: string, { host, port }: Address): object {
  return {
    name,
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    circuit_breakers: {
      thresholds: [{ max_connections: unlimited, max_pending_requests: unlimited, max_requests: unlimited }],
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(host, port) } }] }],
    },
  };
}

function address(host: string, port: number): object {
  return { socket_address: { address: host, port_value: port } };
}
