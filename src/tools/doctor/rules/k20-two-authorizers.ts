/** K20: two authorizers on one workload. */
import { mappingsOf, textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { guardsOf, overlap, targetText } from '../world/guards.ts';
import type { World } from '../world/world.ts';

/** The variable of istiod that allows several authorizers, from Istio 1.30. */
const variable = 'PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS';

/** Istio supports one authorizer for each workload. */
export const twoAuthorizers: Rule<World> = {
  id: 'K20',
  title: 'Two authorizers on one workload',
  severity: 'error',
  effect:
    'Istio asks neither of them. It denies every request that one of the policies matches with 403 and `RBAC: access denied`. The CRDs accept the configuration.',
  fix: `Use one authorizer for all rules and policies of the workload. From Istio 1.30, istiod also accepts several with \`${variable}=true\`.`,
  check: (world) => {
    if (allowsSeveral(world)) return [];
    const guards = guardsOf(world);
    return guards.flatMap((guard, index) => {
      const other = guards
        .slice(0, index)
        .find(({ provider, target }) => provider !== guard.provider && overlap(target, guard.target));
      return other === undefined
        ? []
        : [
            {
              place: guard.place,
              cause:
                `${targetText(guard.target)} already use${guard.target.gateway === undefined ? '' : 's'} the authorizer ${other.provider} (${other.place.object}); here it is ${guard.provider}.`.replace(
                  /^the /,
                  'The ',
                ),
              fix: `Name the same authorizer in both: \`${other.provider}\` or \`${guard.provider}\`.`,
            },
          ];
    });
  },
};

function allowsSeveral({ workloads }: World): boolean {
  return workloads
    .flatMap(({ containers }) => containers)
    .flatMap(({ env }) => mappingsOf(env))
    .some(({ name, value }) => name === variable && textOf(value) === 'true');
}
