/** K40: an invalid configuration in the manifests. */
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** The service reads the configuration with the same code. */
export const invalidConfig: Rule<World> = {
  id: 'K40',
  title: 'Invalid configuration in the manifests',
  severity: 'error',
  effect: 'A new pod of the service does not start. A running pod keeps its last configuration.',
  fix: 'Correct the option. `oidc-authz check-config FILE` lists all problems of a configuration.',
  check: ({ ownConfig }) => {
    const placeOf = ownConfig?.placeOf;
    if (ownConfig === undefined || placeOf === undefined) return [];
    return ownConfig.problems.map((problem) => {
      const { path, message } = problem;
      return {
        place: placeOf(problem),
        cause: `${path === '' ? '' : `${path}: `}${message}${/[.!?]$/.test(message) ? '' : '.'}`,
      };
    });
  },
};
