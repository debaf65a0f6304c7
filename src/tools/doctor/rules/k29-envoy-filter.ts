/** K29: an EnvoyFilter that changes the check. */
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** An EnvoyFilter has the last word over the configuration of istiod. */
export const envoyFilter: Rule<World> = {
  id: 'K29',
  title: 'EnvoyFilter that changes or adds an external authorization filter',
  severity: 'warning',
  effect:
    'The patch overrides the entry of the mesh: header lists, failure mode and timeout may differ from what the manifests say, and doctor cannot see the result.',
  fix: 'Configure the check with the entry of the mesh only. If the patch is needed, compare the configuration of the running Envoy with `oidc-authz doctor --envoy URL`.',
  check: ({ of }) =>
    of('EnvoyFilter', 'networking.istio.io').flatMap((filter) =>
      filter.list('spec', 'configPatches').flatMap((patch, index) =>
        /ext_authz/.test(JSON.stringify(patch))
          ? [
              {
                place: filter.at('spec', 'configPatches', index),
                cause: 'This patch names `ext_authz`.',
              },
            ]
          : [],
      ),
    ),
};
