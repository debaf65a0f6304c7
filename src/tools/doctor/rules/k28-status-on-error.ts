/** K28: a status for failed checks that a client takes for a success, or that Istio rejects. */
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** `statusOnError` of Istio. */
export const statusOnError: Rule<World> = {
  id: 'K28',
  title: 'Status for failed checks that is not an error',
  severity: 'error',
  effect:
    'When the service does not answer, the client gets this status although the workload never got the request. With text that is not a number, Istio rejects the entry and denies all requests of its policies.',
  fix: 'Write `statusOnError: "503"`.',
  check: ({ entries }) =>
    entries.flatMap((entry) => {
      const status = textOf(entry.value('statusOnError'));
      return status === '' || /^[45]\d\d$/.test(status)
        ? []
        : [
            {
              place: entry.at('statusOnError'),
              cause: `\`statusOnError\` of the entry ${entry.name} is ${JSON.stringify(status)}.`,
            },
          ];
    }),
};
