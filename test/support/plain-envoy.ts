/** An Envoy without a mesh, with the authorizer. It routes to one of two workloads by path or host. */

/** One configuration of how Envoy normalizes requests. */
export interface Reading {
  /** Options of the connection manager. */
  readonly manager: Readonly<Record<string, unknown>>;
  /** Options of the routes. */
  readonly routing?: Readonly<Record<string, unknown>>;
}

/** The upstreams. */
export interface Behind {
  readonly transport: 'http' | 'grpc';
  readonly authorizer: number;
  /** The workloads for the anonymous path or host, and for all others. */
  readonly open: number;
  readonly other: number;
  /** The anonymous path or host. */
  readonly by: { readonly prefix: string } | { readonly host: string };
}

const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });

/** The configuration, with one listener for each form of normalization, on free ports. */
export function plainEnvoy(behind: Behind, readings: readonly Reading[], adminPort: number): object {
  const { transport, authorizer, open, other } = behind;
  const http2 = {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        ...type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
  return {
    admin: { address: address(adminPort) },
    static_resources: {
      listeners: readings.map((reading, index) => ({
        name: String(index),
        address: address(0),
        filter_chains: [{ filters: [connectionManager(behind, reading)] }],
      })),
      clusters: [
        cluster('open', open),
        cluster('other', other),
        { ...cluster('authorizer', authorizer), ...(transport === 'grpc' && http2) },
      ],
    },
  };
}

/** The ports of the listeners, in order. */
export async function portsOf(adminPort: number): Promise<readonly number[]> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/listeners?format=json`);
  const { listener_statuses: statuses } = (await response.json()) as {
    listener_statuses: { name: string; local_address: { socket_address: { port_value: number } } }[];
  };
  return statuses
    .toSorted((a, b) => Number(a.name) - Number(b.name))
    .map(({ local_address: { socket_address: at } }) => at.port_value);
}

function connectionManager({ transport, by }: Behind, { manager, routing }: Reading): object {
  const to = (name: string, prefix = '/') => ({ match: { prefix }, route: { cluster: name } });
  const hosts =
    'host' in by
      ? [
          { name: 'open', domains: [by.host], routes: [to('open')] },
          { name: 'other', domains: ['*'], routes: [to('other')] },
        ]
      : [{ name: 'all', domains: ['*'], routes: [to('open', by.prefix), to('other')] }];
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      ...type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
      stat_prefix: 'ingress',
      ...manager,
      http_protocol_options: { accept_http_10: true, ...(manager.http_protocol_options as object) },
      route_config: { virtual_hosts: hosts, ...routing },
      http_filters: [
        {
          name: 'envoy.filters.http.ext_authz',
          typed_config: {
            ...type('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz'),
            transport_api_version: 'V3',
            ...(transport === 'grpc'
              ? { grpc_service: { envoy_grpc: { cluster_name: 'authorizer' }, timeout: '5s' } }
              : {
                  http_service: {
                    server_uri: { uri: 'http://authorizer', cluster: 'authorizer', timeout: '5s' },
                  },
                }),
          },
        },
        {
          name: 'envoy.filters.http.router',
          typed_config: type('envoy.extensions.filters.http.router.v3.Router'),
        },
      ],
    },
  };
}

function cluster(name: string, port: number): object {
  return {
    name,
    connect_timeout: '10s',
    type: 'STATIC',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
    },
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
