/** The settings of Contour: an ExtensionService, and an HTTPProxy with external authorization. Contour sends checks over gRPC. */

import { unlimited } from './envoy.ts';
import type { Generated } from './generated.ts';
import { adviceFor, type Needs, secondsText, sharedReasons } from './needs.ts';
import type { GenerateOptions } from './options.ts';

/** Generates the ExtensionService, and an HTTPProxy for each host. */
export function generateContour(needs: Needs, hosts: readonly string[], options: GenerateOptions): Generated {
  const { service, port, timeout, policy } = needs;
  const { backend = { name: '', port: 0 }, workloadNamespace } = options;
  const extension = {
    apiVersion: 'projectcontour.io/v1alpha1',
    kind: 'ExtensionService',
    metadata: { name: service.name, namespace: service.namespace },
    spec: {
      protocol: 'h2c',
      services: [{ name: service.name, port }],
      timeoutPolicy: { response: secondsText(timeout) },
      circuitBreakerPolicy: {
        maxConnections: unlimited,
        maxPendingRequests: unlimited,
        maxRequests: unlimited,
      },
    },
  };
  const proxies = hosts.map((fqdn, index) => ({
    apiVersion: 'projectcontour.io/v1',
    kind: 'HTTPProxy',
    metadata: {
      name: index === 0 ? backend.name : `${backend.name}-${index + 1}`,
      namespace: workloadNamespace,
    },
    spec: {
      virtualhost: {
        fqdn,
        tls: { secretName: `${backend.name}-tls` },
        authorization: {
          extensionRef: {
            apiVersion: 'projectcontour.io/v1alpha1',
            name: service.name,
            namespace: service.namespace,
          },
          responseTimeout: secondsText(timeout),
          failOpen: false,
          ...(policy !== undefined && { authPolicy: { context: { policy } } }),
        },
      },
      routes: [{ services: [{ name: backend.name, port: backend.port }] }],
    },
  }));
  return {
    about: ['Apply: kubectl apply --filename FILE', ...adviceFor(needs, 'contour')],
    documents: [extension, ...proxies],
    reasons: {
      protocol: 'Checks over gRPC need HTTP/2.',
      timeoutPolicy: sharedReasons.timeout,
      circuitBreakerPolicy: 'By default, a check fails while 1,024 others are in progress.',
      secretName: 'Contour allows authorization only on hosts with TLS. Set your Secret.',
      failOpen: sharedReasons.failOpen,
      authPolicy: 'Selects the policy.',
    },
  };
}
