/** K32: a RequestAuthentication that rejects tokens of the service's issuers. */
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { guardsOf, overlap, targetsOf } from '../world/guards.ts';
import type { World } from '../world/world.ts';

/** Istio rejects a token of an issuer that the RequestAuthentication does not list. */
export const requestAuthentication: Rule<World> = {
  id: 'K32',
  title: "RequestAuthentication that rejects tokens of the service's issuers",
  severity: 'error',
  effect:
    'Istio verifies the token again, on its own. It answers 401 with `Jwt issuer is not configured` or `Jwt verification fails`, although the service allows the request.',
  fix: 'List every issuer of the service in `spec.jwtRules`, or delete the RequestAuthentication.',
  needsConfig: true,
  check: (world) => {
    const { config } = world;
    if (config === undefined) return [];
    const guards = guardsOf(world).filter(({ provider }) =>
      world.ownEntries.some(({ name }) => name === provider),
    );
    const used = guards.length > 0 ? guards : guardsOf(world).filter(() => world.ownEntries.length === 0);
    return world.of('RequestAuthentication', 'security.istio.io').flatMap((policy) => {
      const targets = targetsOf(policy, world);
      if (!used.some((guard) => targets.some((target) => overlap(target, guard.target)))) return [];
      const rules = policy.list('spec', 'jwtRules');
      const readsHeader = rules.some(({ fromHeaders, fromParams, fromCookies }) =>
        [fromHeaders, fromParams, fromCookies].every((source) => source === undefined),
      );
      if (!readsHeader) return [];
      const listed = rules.map(({ issuer }) => textOf(issuer));
      const missing = config.issuers
        .filter(({ issuer }) => !listed.includes(issuer))
        .map(({ issuer }) => issuer);
      return [
        ...(missing.length === 0
          ? []
          : [
              {
                place: policy.at('spec', 'jwtRules'),
                cause: `The service accepts tokens of ${missing.join(', ')}; this RequestAuthentication does not list ${missing.length === 1 ? 'this issuer' : 'these issuers'}.`,
              },
            ]),
        ...(config.forwardOriginalToken
          ? []
          : [
              {
                place: policy.at('spec', 'jwtRules'),
                severity: 'warning' as const,
                cause: '`forwardOriginalToken` is false, so Istio sees no token after the check.',
                effect: 'A policy that requires `requestPrincipals` or a claim denies every request.',
                fix: 'Set `forwardOriginalToken: true`, or delete the RequestAuthentication and the policies that use it.',
              },
            ]),
      ];
    });
  },
};
