/** Manifests for Kyma: the entry for its Istio resource, and APIRules. */
import { kymaEntry } from '../../src/tools/generate/kyma.ts';
import type { Authorizer } from './mesh.ts';

/** A merge patch for a workload's Deployment. Kyma's network policies allow the ingress gateway to connect only to pods with this label. */
export function kymaReachable(): object {
  return { spec: { template: { metadata: { labels: { [fromIngressGateway]: 'allowed' } } } } };
}

/**
 * Makes Kyma's ingress gateway remove the port from the host of every request. The policies of APIRules match the exact host, so they would
 * deny a host with a port.
 */
export function kymaHostsWithoutPort(): object {
  const manager = 'envoy.filters.network.http_connection_manager';
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: 'strip-host-port', namespace: 'istio-system' },
    spec: {
      workloadSelector: { labels: { istio: 'ingressgateway' } },
      configPatches: [
        {
          applyTo: 'NETWORK_FILTER',
          match: { context: 'GATEWAY', listener: { filterChain: { filter: { name: manager } } } },
          patch: {
            operation: 'MERGE',
            value: {
              typed_config: {
                '@type': `type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
                strip_any_host_port: true,
              },
            },
          },
        },
      ],
    },
  };
}

const fromIngressGateway = 'networking.kyma-project.io/from-ingressgateway';

/** The whole Istio resource, for users who keep it in a Git repository. */
export function kymaIstio({ needs, entry }: Authorizer): object {
  return {
    apiVersion: 'operator.kyma-project.io/v1alpha2',
    kind: 'Istio',
    metadata: {
      name: 'default',
      namespace: 'kyma-system',
      labels: { 'app.kubernetes.io/name': 'default' },
    },
    spec: { config: { authorizers: [kymaEntry(needs, entry)] } },
  };
}

/** The namespace of the service, with a sidecar for its pods. */
export function kymaNamespace(): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'oidc-authz', labels: { 'istio-injection': 'enabled' } },
  };
}

/** Example APIRules, by name. */
export function apiRules({ entry: { name } }: Authorizer): Readonly<Record<string, object>> {
  const extAuth = { authorizers: [name] };
  const everything = { path: '/*', methods: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD'], extAuth };
  return {
    'one-rule': apiRule('v2', { rules: [everything] }),
    'several-rules': apiRule('v2', {
      rules: [
        { path: '/healthz', methods: ['GET'], noAuth: true },
        { path: '/orders/{*}/status', methods: ['GET'], extAuth },
        { path: '/orders/{**}', methods: ['GET', 'POST', 'PUT'], extAuth },
      ],
    }),
    cors: apiRule('v2', {
      corsPolicy: {
        allowOrigins: [{ exact: 'https://shop.example.com' }],
        allowMethods: ['GET', 'POST'],
        allowHeaders: ['authorization', 'content-type'],
        maxAge: 600,
      },
      rules: [{ path: '/*', methods: ['GET', 'POST', 'OPTIONS'], extAuth }],
    }),
    restrictions: apiRule('v2', {
      rules: [
        {
          path: '/*',
          methods: ['GET', 'POST'],
          extAuth: {
            ...extAuth,
            restrictions: {
              authentications: [
                { issuer: 'https://tenant.example.com', jwksUri: 'https://tenant.example.com/oauth2/certs' },
              ],
              authorizations: [{ requiredScopes: ['orders.read'], audiences: ['orders-api'] }],
            },
          },
        },
      ],
    }),
    'request-headers': apiRule('v2', {
      rules: [
        {
          path: '/*',
          methods: ['GET', 'POST'],
          extAuth,
          request: { headers: { 'x-orders-route': 'public' } },
        },
      ],
    }),
    // `externalGateway` and `gateway` exclude each other.
    'external-gateway': apiRule('v2', {
      gateway: undefined,
      externalGateway: 'shop/orders',
      rules: [everything],
    }),
    v2alpha1: apiRule('v2alpha1', { rules: [{ path: '/*', methods: ['GET'], extAuth }] }),
  };
}

/** The APIRule of a workload where people sign in. Its only rule covers the paths of the login too. */
export function loginApiRule({ entry: { name } }: Authorizer): object {
  return {
    ...apiRule('v2', {
      hosts: ['shop.example.com'],
      service: { name: 'shop', port: 80 },
      rules: [
        {
          path: '/*',
          methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'],
          extAuth: { authorizers: [name] },
        },
      ],
    }),
    metadata: { name: 'shop', namespace: 'shop' },
  };
}

function apiRule(version: 'v2' | 'v2alpha1', spec: object): object {
  return {
    apiVersion: `gateway.kyma-project.io/${version}`,
    kind: 'APIRule',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      gateway: 'kyma-system/kyma-gateway',
      hosts: ['orders.example.com'],
      service: { name: 'orders', port: 80 },
      ...spec,
    },
  };
}
