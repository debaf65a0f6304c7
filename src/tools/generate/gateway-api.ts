/** The settings of the Gateway API: an HTTPRoute with the experimental filter ExternalAuth (GEP-1494). */

import { referenceGrant } from './envoy-gateway.ts';
import type { Generated } from './generated.ts';
import { adviceFor, type Entry, type Needs, sharedReasons } from './needs.ts';
import type { GenerateOptions } from './options.ts';

const group = 'gateway.networking.k8s.io';

/** Generates the route, and the permission to refer to the Service. */
export function generateGatewayApi(needs: Needs, entry: Entry, options: GenerateOptions): Generated {
  const { transport, service, port, headers } = needs;
  const { backend = { name: '', port: 0 }, gateway, hosts, workloadNamespace } = options;
  const overHttp = {
    protocol: 'HTTP',
    http: {
      ...(entry.pathPrefix !== '' && { path: entry.pathPrefix }),
      allowedHeaders: headers.include,
      allowedResponseHeaders: headers.onAllow,
    },
  };
  const route = {
    apiVersion: `${group}/v1`,
    kind: 'HTTPRoute',
    metadata: { name: backend.name, namespace: workloadNamespace },
    spec: {
      parentRefs: [gateway],
      ...(hosts.length > 0 && { hostnames: hosts }),
      rules: [
        {
          filters: [
            {
              type: 'ExternalAuth',
              externalAuth: {
                ...(transport === 'http' ? overHttp : { protocol: 'GRPC', grpc: {} }),
                backendRef: { name: service.name, namespace: service.namespace, port },
              },
            },
          ],
          backendRefs: [{ name: backend.name, port: backend.port }],
        },
      ],
    },
  };
  return {
    about: [
      'Apply: kubectl apply --filename FILE. It needs the experimental channel of the Gateway API, 1.4 or later.',
      `The filter has no timeout: in your gateway, wait at least ${needs.timeout} ms for a check, and fail closed.`,
      ...(transport === 'http'
        ? [
            'Over HTTP, headers of the client are removed only by a gateway that is built on Envoy.',
            'With another gateway, add --transport grpc.',
          ]
        : []),
      ...adviceFor(needs, 'gateway-api'),
    ],
    documents: [
      route,
      ...(workloadNamespace === service.namespace
        ? []
        : [referenceGrant(needs, group, 'HTTPRoute', workloadNamespace)]),
    ],
    reasons: {
      allowedHeaders: sharedReasons.include,
      allowedResponseHeaders: sharedReasons.onAllow,
      path: 'Selects the policy. The path of the request follows it.',
      grpc: 'Without a list, a check has every header.',
    },
  };
}
