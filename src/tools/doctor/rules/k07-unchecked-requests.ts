/** K07: requests that a CUSTOM policy does not match, and that no ALLOW policy denies. */

import { isMapping, type Mapping } from '../../../config/values/mapping.ts';
import type { Found } from '../finding.ts';
import { type KubeObject, mappingsOf, textsOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { overlap, policiesWith, targetsOf } from '../world/guards.ts';
import type { World } from '../world/world.ts';

/** A request that no rule of the policy matches is not checked. */
export const uncheckedRequests: Rule<World> = {
  id: 'K07',
  title: 'Requests that the policy does not send to the authorizer',
  severity: 'error',
  effect:
    'A request that no rule of a CUSTOM policy matches reaches the workload without a check, unless an ALLOW policy for the same workload denies it.',
  fix: 'Match all requests with `paths: ["/*"]`, exclude paths with `notPaths`, and write each host twice: `orders.example.com` and `orders.example.com:*`. Or add an ALLOW policy for the same workload that lists exactly the checked requests.',
  check: (world) =>
    policiesWith(world, 'CUSTOM').flatMap((policy) => {
      const allows = policiesWith(world, 'ALLOW').filter((allow) => sharesTarget(policy, allow, world));
      return allows.length > 0
        ? []
        : operationsOf(policy).flatMap(({ operation, index }) => gaps(policy, operation, index));
    }),
};

function sharesTarget(policy: KubeObject, other: KubeObject, world: World): boolean {
  return targetsOf(policy, world).some((target) =>
    targetsOf(other, world).some((otherTarget) => overlap(target, otherTarget)),
  );
}

function operationsOf(policy: KubeObject) {
  const rules = policy.list('spec', 'rules');
  if (rules.some(matchesEverything)) return [];
  return rules.flatMap((rule, index) =>
    mappingsOf(rule.to).flatMap(({ operation }, position) =>
      isMapping(operation) ? [{ operation, index: [index, position] as const }] : [],
    ),
  );
}

function gaps(
  policy: KubeObject,
  operation: Mapping,
  [rule, position]: readonly [number, number],
): readonly Found[] {
  const at = ['spec', 'rules', rule, 'to', position, 'operation'] as const;
  const methods = textsOf(operation.methods);
  const hosts = textsOf(operation.hosts);
  const portless = hosts.filter(
    (host) => !host.includes('*') && !host.includes(':') && !hosts.includes(`${host}:*`),
  );
  return [
    ...(methods.length === 0 || methods.includes('*')
      ? []
      : [
          {
            place: policy.at(...at, 'methods'),
            cause: `The policy checks only ${methods.join(', ')}; a request with another method is not checked, and no ALLOW policy selects the workload.`,
            fix: 'Delete `methods`, or add an ALLOW policy for the workload that lists the same methods.',
          },
        ]),
    ...portless.map((host) => ({
      place: policy.at(...at, 'hosts'),
      cause: `The policy checks the host ${host}, but not ${host} with a port: a request with \`Host: ${host}:443\` is not checked.`,
      fix: `Add \`${host}:*\` to \`hosts\`.`,
    })),
  ];
}

/** Whether a rule matches every request, so that the other rules have no effect. */
function matchesEverything({ to, from, when }: Mapping): boolean {
  if (from !== undefined || when !== undefined) return false;
  return (
    to === undefined ||
    mappingsOf(to).some(
      ({ operation }) =>
        isMapping(operation) &&
        Object.entries(operation).every(([name, value]) => name === 'paths' && textsOf(value).includes('/*')),
    )
  );
}
