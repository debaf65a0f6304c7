/** The settings of Envoy Gateway: a SecurityPolicy (gateway.envoyproxy.io/v1alpha1). */

import { unlimited } from './envoy.ts';
import type { Generated } from './generated.ts';
import { adviceFor, type Entry, type Needs, sharedReasons } from './needs.ts';
import type { GenerateOptions } from './options.ts';

/** Generates the policy for a route or a gateway, and the permission to refer to the Service. */
export function generateEnvoyGateway(needs: Needs, entry: Entry, options: GenerateOptions): Generated {
  const { gateway, route, workloadNamespace } = options;
  const target =
    route === undefined
      ? { kind: 'Gateway', name: gateway?.name ?? '', namespace: gateway?.namespace ?? workloadNamespace }
      : { kind: 'HTTPRoute', name: route, namespace: workloadNamespace };
  return {
    about: [
      'Apply: kubectl apply --filename FILE',
      ...(needs.includesPeerCertificate
        ? [
            'Client certificates: set clientCertificates.trustedHops, and a ClientTrafficPolicy for the header.',
          ]
        : []),
      ...adviceFor(needs, 'envoy-gateway'),
    ],
    documents: [
      securityPolicy(needs, entry, target),
      ...(target.namespace === needs.service.namespace
        ? []
        : [referenceGrant(needs, 'gateway.envoyproxy.io', 'SecurityPolicy', target.namespace)]),
    ],
    reasons: {
      timeout: sharedReasons.timeout,
      failOpen: sharedReasons.failOpen,
      headersToExtAuth: sharedReasons.include,
      headersToBackend: sharedReasons.onAllow,
      circuitBreaker: 'By default, a check fails while 1,024 others are in progress.',
      contextExtensions: 'Selects the policy.',
      path: 'Selects the policy. The path of the request follows it.',
    },
  };
}

/** The policy for a route or a gateway of the same namespace. */
export function securityPolicy(
  { transport, service, port, timeout, headers, policy }: Needs,
  { pathPrefix }: Entry,
  { kind, name, namespace }: { readonly kind: string; readonly name: string; readonly namespace: string },
): object {
  const backend = {
    backendRefs: [{ name: service.name, namespace: service.namespace, port }],
    backendSettings: {
      circuitBreaker: {
        maxConnections: unlimited,
        maxPendingRequests: unlimited,
        maxParallelRequests: unlimited,
      },
    },
  };
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name, namespace },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind, name }],
      extAuth: {
        failOpen: false,
        timeout: gatewayDuration(timeout),
        ...(transport === 'http'
          ? {
              headersToExtAuth: headers.include,
              http: {
                ...backend,
                ...(pathPrefix !== '' && { path: pathPrefix }),
                ...(headers.onAllow.length > 0 && { headersToBackend: headers.onAllow }),
              },
            }
          : {
              grpc: backend,
              ...(policy !== undefined && {
                contextExtensions: [{ name: 'policy', type: 'Value', value: policy }],
              }),
            }),
      },
    },
  };
}

/** Allows an object of another namespace to refer to the Service (Gateway API). */
export function referenceGrant({ service }: Needs, group: string, kind: string, namespace: string): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: `${service.name}-from-${namespace}`.slice(0, 253), namespace: service.namespace },
    spec: {
      from: [{ group, kind, namespace }],
      to: [{ group: '', kind: 'Service', name: service.name }],
    },
  };
}

/** A duration of the Gateway API (GEP-2257), which has no fractions. */
function gatewayDuration(milliseconds: number): string {
  const [seconds, rest] = [Math.floor(milliseconds / 1_000), milliseconds % 1_000];
  return `${seconds === 0 ? '' : `${seconds}s`}${rest === 0 ? '' : `${rest}ms`}`;
}
