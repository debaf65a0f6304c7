/** K08: a patch that replaces the list of authorizers. */
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

const list = '/spec/config/authorizers';

/** A merge patch replaces a whole list. */
export const replacingPatch: Rule<World> = {
  id: 'K08',
  title: 'Patch that replaces the authorizers of other teams',
  severity: 'warning',
  effect:
    'The patch writes the whole list `spec.config.authorizers` of the Istio resource. Every other authorizer of the cluster disappears, and Istio denies all requests of the policies that name it.',
  fix: 'Use a JSON patch that appends: `op: add` with the path `/spec/config/authorizers/-`.',
  check: ({ objects, patches }) => [
    ...objects
      .filter((object) => object.kind === '' && object.list('spec', 'config', 'authorizers').length > 0)
      .map((object) => ({
        place: object.at('spec', 'config', 'authorizers'),
        cause: 'This merge patch contains the list of authorizers.',
      })),
    ...patches
      .filter(({ operation, path }) => path === list && operation === 'replace')
      .map(({ place }) => ({ place, cause: `This JSON patch replaces \`${list}\`.` })),
  ],
};
