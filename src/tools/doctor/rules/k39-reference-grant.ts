/** K39: a SecurityPolicy that may not use a Service of another namespace. */
import { mappingsOf, textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { serviceNameOf } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** Envoy Gateway needs a ReferenceGrant in the namespace of the Service. */
export const referenceGrant: Rule<World> = {
  id: 'K39',
  title: 'SecurityPolicy without a ReferenceGrant for the Service of the authorizer',
  severity: 'error',
  effect: 'Envoy Gateway does not accept the policy. It answers every request of the route with 500.',
  fix: 'Create a ReferenceGrant in the namespace of the Service, from kind SecurityPolicy in the namespace of the policy.',
  check: ({ entries, of }) =>
    entries
      .filter(({ kind }) => kind.startsWith('envoy-gateway'))
      .flatMap((entry) => {
        const service = serviceNameOf(entry.service);
        const { namespace } = entry.object;
        if (service === undefined || service.namespace === namespace) return [];
        const isGranted = of('ReferenceGrant', 'gateway.networking.k8s.io').some(
          (grant) =>
            grant.namespace === service.namespace &&
            grant
              .list('spec', 'from')
              .some((from) => from.kind === 'SecurityPolicy' && from.namespace === namespace) &&
            mappingsOf(grant.get('spec', 'to')).some(
              (to) => to.kind === 'Service' && (textOf(to.name) === '' || to.name === service.name),
            ),
        );
        return isGranted
          ? []
          : [
              {
                place: entry.at(),
                cause: `The policy is in namespace ${namespace} and names Service ${service.namespace}/${service.name}; no ReferenceGrant allows that.`,
                fix: `Create a ReferenceGrant in namespace ${service.namespace} with \`from: [{group: gateway.envoyproxy.io, kind: SecurityPolicy, namespace: ${namespace}}]\` and \`to: [{group: "", kind: Service, name: ${service.name}}]\`.`,
              },
            ];
      }),
};
