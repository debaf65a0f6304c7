/** K27: a policy that selects no workload. */
import type { Found } from '../finding.ts';
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { guardsOf, targetText, workloadsIn } from '../world/guards.ts';
import type { World } from '../world/world.ts';

/**
 * A selector with a typing error protects nothing. The input may be a part of a cluster, so the namespace must contain others
 * than the service itself.
 */
export const noWorkload: Rule<World> = {
  id: 'K27',
  title: 'Policy that selects no workload',
  severity: 'warning',
  effect: 'The policy has no effect. Requests to the workload that it should protect are not checked.',
  fix: 'Write the labels of the pods (`spec.template.metadata.labels` of the Deployment) into `spec.selector.matchLabels`, in the namespace of the pods.',
  check: (world) => [
    ...routesElsewhere(world),
    ...guardsOf(world)
      .filter(({ target }) => target.labels !== undefined && workloadsIn(target, world).length === 0)
      .flatMap(({ object, target }) => {
        const candidates = world.workloads.filter(
          (workload) => workload.namespace === target.namespace && !world.ownWorkloads.includes(workload),
        );
        return candidates.length === 0
          ? []
          : [
              {
                place: object.at('spec', object.kind === 'APIRule' ? 'service' : 'selector'),
                cause: `No workload of the manifests matches ${targetText(target)}; the namespace has ${candidates.map((one) => `${one.object.kind} ${one.object.name}`).join(', ')}.`,
              },
            ];
      }),
    ...guardsOf(world)
      .filter(({ target }) => target.service !== undefined)
      .flatMap(({ object, target }) => {
        const services = world
          .of('Service', '')
          .filter(
            (service) => service.namespace === target.namespace && !world.ownServices.includes(service),
          );
        return services.length === 0 || services.some(({ name }) => name === target.service)
          ? []
          : [
              {
                place: object.at('spec', 'service'),
                cause: `Namespace ${target.namespace} has no Service ${target.service}; it has ${services.map(({ name }) => name).join(', ')}.`,
                fix: 'Write the name of the Service of the workload into `service.name`.',
              },
            ];
      }),
  ],
};

/** SecurityPolicies of the service whose route is in another namespace: Envoy Gateway looks for it in that of the policy. */
function routesElsewhere(world: World): readonly Found[] {
  const routes = world.of('HTTPRoute', 'gateway.networking.k8s.io');
  return world.of('SecurityPolicy', 'gateway.envoyproxy.io').flatMap((policy) =>
    policy.list('spec', 'targetRefs').flatMap(({ kind, name }, index): readonly Found[] => {
      const named = kind === 'HTTPRoute' ? routes.filter((route) => route.name === textOf(name)) : [];
      const [other] = named;
      return other === undefined || named.some(({ namespace }) => namespace === policy.namespace)
        ? []
        : [
            {
              place: policy.at('spec', 'targetRefs', index),
              severity: 'error',
              cause: `Namespace ${policy.namespace} has no HTTPRoute ${other.name}; it is in namespace ${other.namespace}.`,
              fix: `Create the policy in namespace ${other.namespace}; \`oidc-authz generate envoy-gateway\` does that with \`--workload-namespace ${other.namespace}\`.`,
            },
          ];
    }),
  );
}
