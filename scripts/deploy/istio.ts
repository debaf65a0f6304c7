/** Manifests for Istio: providers of the mesh configuration, and policies that name them. */
import { providersOf } from '../../src/tools/generate/istio.ts';
import type { Authorizer } from './mesh.ts';

/** Values for Istio's chart `istiod`. */
export function istiodValues(...authorizers: readonly Authorizer[]): object {
  return { meshConfig: { extensionProviders: authorizers.flatMap(({ needs }) => providersOf(needs)) } };
}

/** The same for `istioctl install`. */
export function istioOperator(...authorizers: readonly Authorizer[]): object {
  return {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: { name: 'istio', namespace: 'istio-system' },
    spec: istiodValues(...authorizers),
  };
}

/** Policies for a workload: its sidecar checks every request, and only the gateway may send requests. */
export function workloadPolicies({ entry: { name } }: Authorizer): object[] {
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
export function gatewayPolicies({ entry: { name } }: Authorizer): object[] {
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
export function gatewayApi({ entry: { name } }: Authorizer): object[] {
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
