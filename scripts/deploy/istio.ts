/** Manifests for Istio: providers of the mesh configuration, and policies that name them. */
import type { Authorizer } from './mesh.ts';

/** The extension provider for checks over HTTP. */
export function httpProvider(authorizer: Authorizer): object {
  const { name, host, httpPort, timeout, pathPrefix, headersToUpstreamOnAllow } = authorizer;
  return {
    name,
    envoyExtAuthzHttp: {
      service: host,
      port: httpPort,
      timeout,
      ...(pathPrefix !== '' && { pathPrefix }),
      failOpen: false,
      includeRequestHeadersInCheck: authorizer.includeRequestHeadersInCheck,
      ...(headersToUpstreamOnAllow.length > 0 && { headersToUpstreamOnAllow }),
      headersToDownstreamOnDeny: authorizer.headersToDownstreamOnDeny,
    },
  };
}

/** The extension provider for checks over gRPC. It needs no header lists, because the answers contain every header. */
function grpcProvider({ name, host, grpcPort, timeout }: Authorizer): object {
  return {
    name: `${name}-grpc`,
    envoyExtAuthzGrpc: { service: host, port: grpcPort, timeout, failOpen: false },
  };
}

/** Values for Istio's chart `istiod`. */
export function istiodValues(authorizer: Authorizer): object {
  return { meshConfig: { extensionProviders: [httpProvider(authorizer), grpcProvider(authorizer)] } };
}

/** The same for `istioctl install`. */
export function istioOperator(authorizer: Authorizer): object {
  return {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: { name: 'istio', namespace: 'istio-system' },
    spec: istiodValues(authorizer),
  };
}

/**
 * Raises Envoy's limits of outbound frames for the gRPC cluster of the authorizer, in every sidecar and gateway of the mesh.
 * The patch replaces all HTTP options of the cluster, so it repeats those of Istio and of the chart's DestinationRule.
 */
export function grpcFrames({ name, host, grpcPort }: Authorizer): object {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const patch = (context: 'SIDECAR_OUTBOUND' | 'GATEWAY') => ({
    applyTo: 'CLUSTER',
    match: { context, cluster: { service: host, portNumber: grpcPort } },
    patch: {
      operation: 'MERGE',
      value: {
        typed_extension_protocol_options: {
          [options]: {
            '@type': `type.googleapis.com/${options}`,
            common_http_protocol_options: { idle_timeout: '1800s' },
            explicit_http_config: {
              http2_protocol_options: {
                max_concurrent_streams: 1_073_741_824,
                max_outbound_frames: 1_000_000,
                max_outbound_control_frames: 1_000_000,
              },
            },
          },
        },
      },
    },
  });
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    // In the root namespace, so that it applies to every namespace. It matches no other cluster.
    metadata: { name: `${name}-grpc-frames`, namespace: 'istio-system' },
    spec: { configPatches: [patch('SIDECAR_OUTBOUND'), patch('GATEWAY')] },
  };
}

/** Policies for a workload: its sidecar checks every request, and only the gateway may send requests. */
export function workloadPolicies({ name }: Authorizer): object[] {
  const selector = { matchLabels: { app: 'orders' } };
  const gateway = 'cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account';
  return [
    policy(name, 'shop', { selector }, 'CUSTOM', [{ to: [{ operation: { notPaths: ['/healthz'] } }] }], name),
    policy('orders-allow', 'shop', { selector }, 'ALLOW', [
      { from: [{ source: { principals: [gateway] } }] },
    ]),
  ];
}

/** Policies that check one host at the ingress gateway. The other hosts of the gateway do not change. */
export function gatewayPolicies({ name }: Authorizer): object[] {
  const selector = { matchLabels: { istio: 'ingressgateway' } };
  const hosts = withPorts('orders.example.com');
  const others = withPorts('www.example.com');
  return [
    policy(name, 'istio-system', { selector }, 'CUSTOM', [{ to: [{ operation: { hosts } }] }], name),
    policy('ingress-allow', 'istio-system', { selector }, 'ALLOW', [
      { to: [{ operation: { hosts: [...hosts, ...others] } }] },
    ]),
  ];
}

/** The same with the Kubernetes Gateway API: the policy targets the Gateway. */
export function gatewayApi({ name }: Authorizer): object[] {
  const target = { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'shop' }] };
  const hosts = withPorts('orders.example.com');
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'shop', namespace: 'shop' },
      spec: {
        gatewayClassName: 'istio',
        listeners: [
          {
            name: 'https',
            port: 443,
            protocol: 'HTTPS',
            hostname: 'orders.example.com',
            tls: { mode: 'Terminate', certificateRefs: [{ name: 'orders-example-com' }] },
          },
        ],
      },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: {
        parentRefs: [{ name: 'shop' }],
        hostnames: ['orders.example.com'],
        rules: [{ backendRefs: [{ name: 'orders', port: 80 }] }],
      },
    },
    policy(name, 'shop', target, 'CUSTOM', [{ to: [{ operation: { hosts } }] }], name),
    policy('shop-allow', 'shop', target, 'ALLOW', [{ to: [{ operation: { hosts } }] }]),
  ];
}

/** The host with and without a port. A policy for the bare name does not match a host with a port. */
function withPorts(host: string): string[] {
  return [host, `${host}:*`];
}

function policy(
  name: string,
  namespace: string,
  scope: object,
  action: 'CUSTOM' | 'ALLOW',
  rules: readonly object[],
  provider?: string,
): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace },
    spec: { ...scope, action, ...(provider !== undefined && { provider: { name: provider } }), rules },
  };
}
