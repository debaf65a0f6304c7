/** K21: a policy with an authorizer that the mesh does not have. */
import { nearest } from '../../../config/validate/problems.ts';
import type { Rule } from '../rule.ts';
import { guardsOf } from '../world/guards.ts';
import type { World } from '../world/world.ts';

/** The API server does not compare policies with the mesh configuration. */
export const unknownAuthorizer: Rule<World> = {
  id: 'K21',
  title: 'Policy with an authorizer that the mesh does not have',
  severity: 'error',
  effect:
    'Istio sends no check. It denies every request that the policy matches with 403 and `RBAC: access denied`. Only the log of istiod names the cause.',
  fix: 'Register the authorizer in the mesh configuration, or write the name of a registered one.',
  check: (world) => {
    const names = [
      ...new Set(
        world.entries
          .filter(({ kind }) => kind === 'kyma' || kind.startsWith('istio'))
          .map(({ name }) => name),
      ),
    ];
    if (names.length === 0) return [];
    return guardsOf(world)
      .filter(({ provider }) => !names.includes(provider))
      .map(({ provider, place }) => {
        const meant = nearest(provider, names);
        return {
          place,
          cause:
            provider === ''
              ? 'The policy names no authorizer.'
              : `The mesh configuration has no authorizer ${provider}; it has ${names.join(', ')}.`,
          fix:
            meant === undefined
              ? `Register ${provider || 'the authorizer'} in the mesh configuration, or write one of ${names.join(', ')}.`
              : `Write \`${meant}\`.`,
        };
      });
  },
};
