/** K30: checks that cross the network without encryption. */

import { isMapping } from '../../../config/values/mapping.ts';
import type { Found } from '../finding.ts';
import { type KubeObject, labelsOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { overlap } from '../world/guards.ts';
import { ownPorts } from '../world/own-ports.ts';
import { serviceNameOf } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** Mutual TLS of the mesh protects the tokens in the checks. */
export const plainText: Rule<World> = {
  id: 'K30',
  title: 'Checks without mutual TLS',
  severity: 'warning',
  effect:
    'The checks carry the tokens of all clients. Without mutual TLS, every machine on the path can read and use them.',
  fix: 'Delete the `DISABLE` mode for the pods and ports of the service, or configure `http.tls` and `grpc.tls`.',
  check: (world) => {
    const { config } = world;
    const hasOwnTls = config !== undefined && config.http.tls !== undefined && config.grpc.tls !== undefined;
    return hasOwnTls ? [] : [...peerAuthentications(world), ...destinationRules(world)];
  },
};

function peerAuthentications(world: World): readonly Found[] {
  const ports = ownPorts(world)
    .filter(({ listener }) => listener !== 'admin')
    .map(({ number }) => number);
  return world.of('PeerAuthentication', 'security.istio.io').flatMap((policy) => {
    const labels = labelsOf(policy.get('spec', 'selector', 'matchLabels'));
    const target = {
      namespace: policy.namespace === world.rootNamespace ? '*' : policy.namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
    };
    const applies = world.ownWorkloads.some((workload) =>
      overlap(target, { namespace: workload.namespace, labels: workload.labels }),
    );
    if (!applies) return [];
    const byPort = policy.get('spec', 'portLevelMtls');
    const disabled = Object.keys(isMapping(byPort) ? byPort : {}).filter(
      (port) =>
        ports.includes(Number(port)) && policy.text('spec', 'portLevelMtls', port, 'mode') === 'DISABLE',
    );
    return [
      ...(policy.text('spec', 'mtls', 'mode') === 'DISABLE'
        ? [
            {
              place: policy.at('spec', 'mtls', 'mode'),
              cause: 'This policy disables mutual TLS for the pods of the service.',
            },
          ]
        : []),
      ...disabled.map((port) => ({
        place: policy.at('spec', 'portLevelMtls', port),
        cause: `This policy disables mutual TLS for port ${port}, on which the service answers checks.`,
      })),
    ];
  });
}

function destinationRules(world: World): readonly Found[] {
  const hosts = world.ownEntries.map(({ service }) => service.replace(/^[^/]*\//, ''));
  const isOwnHost = (rule: KubeObject) => {
    const host = rule.text('spec', 'host');
    const full = host.includes('.') ? host : `${host}.${rule.namespace}.svc.cluster.local`;
    const own = serviceNameOf(full);
    return hosts.some((one) => {
      const wanted = serviceNameOf(one);
      return (
        one === full || (own !== undefined && own.name === wanted?.name && own.namespace === wanted.namespace)
      );
    });
  };
  return world
    .of('DestinationRule', 'networking.istio.io')
    .filter(isOwnHost)
    .flatMap((rule) =>
      rule.text('spec', 'trafficPolicy', 'tls', 'mode') === 'DISABLE'
        ? [
            {
              place: rule.at('spec', 'trafficPolicy', 'tls', 'mode'),
              cause: 'This rule disables mutual TLS for connections to the service.',
              fix: 'Delete `spec.trafficPolicy.tls`; Istio then uses mutual TLS automatically.',
            },
          ]
        : [],
    );
}
