/** K25: request bodies in the checks. */
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** No decision of the service uses the body. */
export const bodyInCheck: Rule<World> = {
  id: 'K25',
  title: 'Request body in the check',
  severity: 'warning',
  effect:
    'Envoy buffers each body before it sends the check, and answers 413 if the body is larger than its limit. Uploads and streams fail or slow down. No decision of the service uses the body.',
  fix: 'Delete the field.',
  check: ({ ownEntries }) =>
    ownEntries
      .filter((entry) => entry.value('body') !== undefined)
      .map((entry) => ({
        place: entry.at('body'),
        cause: `The entry ${entry.name} sets \`${entry.fieldName('body')}\`.`,
        fix: `Delete \`${entry.fieldName('body')}\`.`,
      })),
};
