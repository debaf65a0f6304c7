/** K26: a protected workload, or the service, without a sidecar. */
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { guardsOf, workloadsIn } from '../world/guards.ts';
import { injectionOf, injectionOfNamespace } from '../world/injection.ts';
import type { World } from '../world/world.ts';

/** The sidecar of the workload sends the check. */
export const noSidecar: Rule<World> = {
  id: 'K26',
  title: 'Protected workload without a sidecar',
  severity: 'error',
  effect:
    'The sidecar of the workload sends the checks. Without one, no policy has an effect, and every request reaches the workload without a check.',
  fix: 'Set the label `istio-injection: enabled` on the namespace, and restart the pods.',
  check: (world) => [
    ...oncePerPlace(protectedWorkloads(world)),
    ...oncePerPlace(protectedNamespaces(world)),
    ...ownPods(world),
  ],
};

const namespaceFix = (namespace: string) =>
  `Set the label \`istio-injection: enabled\` on namespace ${namespace}, and restart the pods: \`kubectl -n ${namespace} rollout restart deployment\`.`;

function protectedWorkloads(world: World): readonly Found[] {
  return guardsOf(world).flatMap((guard) =>
    workloadsIn(guard.target, world).flatMap((workload) => {
      const injection = injectionOf(workload, world);
      if (injection !== 'none' && injection !== 'ambient') return [];
      const { object, namespace, podPath } = workload;
      const place = object.at(...podPath, 'metadata', 'labels');
      if (injection === 'ambient')
        return [
          {
            place,
            severity: 'warning' as const,
            cause: `${guard.object.kind} ${guard.object.namespace}/${guard.object.name} protects these pods, and namespace ${namespace} is in ambient mode.`,
            effect: 'In ambient mode, only a waypoint sends checks. Without one, no request is checked.',
            fix: 'Create a waypoint for the Service, and let the policy name the Service or the waypoint in `targetRefs`.',
          },
        ];
      const isOwnLabel = workload.labels['sidecar.istio.io/inject'] === 'false';
      return [
        {
          place,
          cause: `${guard.object.kind} ${guard.object.namespace}/${guard.object.name} protects these pods, but ${isOwnLabel ? 'their label `sidecar.istio.io/inject` is "false"' : `namespace ${namespace} has no label for injection`}.`,
          fix: isOwnLabel
            ? 'Delete the label `sidecar.istio.io/inject` from the pods.'
            : namespaceFix(namespace),
        },
      ];
    }),
  );
}

/** Several policies can protect one workload; the first one is enough. */
function oncePerPlace(found: readonly Found[]): readonly Found[] {
  return [
    ...new Map(found.toReversed().map((one) => [JSON.stringify(one.place), one])).values(),
  ].toReversed();
}

/** Policies whose workloads are not in the manifests, in a namespace that is. */
function protectedNamespaces(world: World): readonly Found[] {
  return guardsOf(world).flatMap(({ target, object }) => {
    const { namespace } = target;
    if (target.gateway !== undefined || workloadsIn(target, world).length > 0) return [];
    if (injectionOfNamespace(namespace, world) !== 'none') return [];
    const [place] = world
      .of('Namespace', '')
      .filter(({ name }) => name === namespace)
      .map((found) => found.at('metadata'));
    return place === undefined
      ? []
      : [
          {
            place,
            severity: 'warning' as const,
            cause: `${object.kind} ${object.namespace}/${object.name} protects pods of namespace ${namespace}, which has no label for injection.`,
            fix: namespaceFix(namespace),
          },
        ];
  });
}

function ownPods(world: World): readonly Found[] {
  const isMesh = world.ownEntries.some(({ kind }) => kind === 'kyma' || kind.startsWith('istio'));
  return world.ownWorkloads
    .filter((workload) => isMesh && injectionOf(workload, world) === 'none')
    .map(({ object, namespace, podPath }) => ({
      place: object.at(...podPath, 'metadata', 'labels'),
      severity: 'warning' as const,
      cause: `The pods of the service have no sidecar: namespace ${namespace} has no label for injection, or the pods switch it off.`,
      effect:
        'The checks, with their tokens, cross the network in clear text. If the mesh requires mutual TLS, every check fails.',
      fix: namespaceFix(namespace),
    }));
}
