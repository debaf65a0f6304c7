/** K31: an APIRule in an old version. */
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** v1beta1 has no `extAuth`; v2alpha1 has the fields of v2. */
export const oldApiRule: Rule<World> = {
  id: 'K31',
  title: 'APIRule in an old version',
  severity: 'warning',
  effect:
    'v1beta1 is deprecated and does not have `extAuth`, so no request is sent to the service. v2alpha1 works, but Kyma documents only v2.',
  fix: 'Write `apiVersion: gateway.kyma-project.io/v2`.',
  check: ({ of }) =>
    of('APIRule', 'gateway.kyma-project.io').flatMap((rule): readonly Found[] => {
      const place = rule.at('apiVersion');
      if (rule.version === 'v1beta1')
        return [
          {
            place,
            cause: 'The APIRule has version v1beta1.',
            fix: 'Convert it with `oidc-authz migrate apirule FILE`.',
          },
        ];
      return rule.version === 'v2alpha1'
        ? [
            {
              place,
              severity: 'note' as const,
              cause: 'The APIRule has version v2alpha1, which has the same fields as v2.',
            },
          ]
        : [];
    }),
};
