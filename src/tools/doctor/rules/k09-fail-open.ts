/** K09: an entry that allows requests when the authorizer does not answer. */
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** `failOpen` of Istio, Envoy Gateway and Contour. */
export const failOpen: Rule<World> = {
  id: 'K09',
  title: 'Requests that are allowed without a check when the authorizer does not answer',
  severity: 'error',
  effect:
    'While the service is unreachable, slow or overloaded, every request reaches the workload without a check, with identity headers that the client forged. A client can cause that itself by overloading the service.',
  fix: 'Write `failOpen: false`.',
  check: ({ entries }) =>
    entries
      .filter((entry) => entry.value('failOpen') === true)
      .map((entry) => ({
        place: entry.at('failOpen'),
        cause: `The entry ${entry.name} has \`failOpen: true\`.`,
      })),
};
