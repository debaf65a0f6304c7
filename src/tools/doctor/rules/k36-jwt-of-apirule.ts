/** K36: JWT rules of an APIRule that reject tokens of the service's issuers. */
import { isMapping } from '../../../config/values/mapping.ts';
import type { Found } from '../finding.ts';
import { mappingsOf, textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { apiRulesOf } from '../world/guards.ts';
import type { World } from '../world/world.ts';

/** Kyma makes one RequestAuthentication for the workload, which applies to all paths. */
export const jwtOfApiRule: Rule<World> = {
  id: 'K36',
  title: 'APIRule whose `jwt` or `restrictions` reject tokens that the service accepts',
  severity: 'error',
  effect:
    'Kyma makes a RequestAuthentication for the whole workload from `jwt` and `extAuth.restrictions`. Istio then answers 401 to a token of another issuer on every path, also on paths that use `extAuth`.',
  fix: 'Add the issuers of the service to `authentications` of the APIRule, or use `extAuth` without `restrictions` for all rules.',
  check: (world) =>
    apiRulesOf(world).flatMap((rule): readonly Found[] => {
      const rules = rule.list('spec', 'rules');
      const usesExtAuth = rules.some(({ extAuth }) => isMapping(extAuth));
      const lists = rules.flatMap(({ jwt, extAuth }, index) => {
        const restrictions = isMapping(extAuth) ? extAuth.restrictions : undefined;
        return [
          ...(isMapping(jwt) ? [{ jwt, path: ['spec', 'rules', index, 'jwt'] as const }] : []),
          ...(isMapping(restrictions)
            ? [{ jwt: restrictions, path: ['spec', 'rules', index, 'extAuth', 'restrictions'] as const }]
            : []),
        ];
      });
      const [first] = lists;
      if (!usesExtAuth || first === undefined) return [];
      const place = rule.at(...first.path, 'authentications');
      const listed = lists.flatMap(({ jwt }) =>
        mappingsOf(jwt.authentications).map(({ issuer }) => textOf(issuer)),
      );
      if (world.config === undefined)
        return lists.some(({ path }) => path.at(-1) === 'jwt')
          ? [
              {
                place,
                severity: 'warning' as const,
                cause: `The APIRule has rules with \`extAuth\` and rules with \`jwt\`. \`jwt\` accepts only tokens of ${listed.join(', ')}.`,
              },
            ]
          : [];
      const missing = world.config.issuers
        .filter(({ issuer }) => !listed.includes(issuer))
        .map(({ issuer }) => issuer);
      return missing.length === 0
        ? []
        : [
            {
              place,
              cause: `The service accepts tokens of ${missing.join(', ')}, but the APIRule lists only ${listed.join(', ')}.`,
              fix: `Add \`issuer: ${missing[0]}\` with its \`jwksUri\` to \`authentications\`, or use \`extAuth\` without \`restrictions\` for all rules.`,
            },
          ];
    }),
};
