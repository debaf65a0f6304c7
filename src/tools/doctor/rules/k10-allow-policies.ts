/** ALLOW policies for the service's own pods that deny the checks. */
import { isMapping } from '../../../config/values/mapping.ts';
import type { Found } from '../finding.ts';
import { mappingsOf, textsOf } from '../read/objects.ts';
import { overlap, policiesWith, targetsOf } from '../world/guards.ts';
import { ownPorts } from '../world/own-ports.ts';
import type { World } from '../world/world.ts';

/** Finds check ports that no ALLOW policy allows, although there are ALLOW policies for the pods. */
export function blockedByAllowPolicies(world: World): readonly Found[] {
  return world.ownWorkloads.flatMap(({ namespace, labels }) => {
    const [first, ...others] = policiesWith(world, 'ALLOW').filter((policy) =>
      targetsOf(policy, world).some((target) => overlap(target, { namespace, labels })),
    );
    if (first === undefined) return [];
    const operations = [first, ...others]
      .flatMap((policy) => policy.list('spec', 'rules'))
      .flatMap((rule) => (rule.to === undefined ? [{}] : mappingsOf(rule.to)))
      .map(({ operation }) => (isMapping(operation) ? operation : {}));
    const allows = (port: number) =>
      operations.some(({ ports }) => ports === undefined || textsOf(ports).includes(String(port)));
    return ownPorts(world)
      .filter(({ listener }) => listener !== 'admin')
      .filter(({ listener }) => world.ownEntries.some(({ protocol }) => protocol === listener))
      .filter(({ number }) => !allows(number))
      .map(({ number }) => ({
        place: first.at('spec'),
        cause: `ALLOW policies apply to the pods of the service, and none of them allows port ${number} for checks.`,
        fix: `Add an ALLOW policy for the pods of the service with \`to: [{operation: {ports: ["${number}"]}}]\`.`,
      }));
  });
}
