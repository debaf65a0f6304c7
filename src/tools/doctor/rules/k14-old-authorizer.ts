/** K14: an oauth2-proxy that still runs next to the service. */
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** It is expected only during a migration, while `shadow.authorizer` is set. */
export const oldAuthorizer: Rule<World> = {
  id: 'K14',
  title: 'Installation of oauth2-proxy that is left over from a migration',
  severity: 'note',
  effect:
    'Its Secret still holds a client secret, its redirect URIs are still registered with the issuer, and its cookies are still valid. A policy that names it still uses it.',
  fix: 'After the last policy uses oidc-authz, delete the entry, the Deployment, the Service and the Secret of oauth2-proxy, and its client at the issuer.',
  check: ({ workloads, ownWorkloads, entries, ownEntries, config }) => {
    const isMigrated = ownWorkloads.length > 0 || ownEntries.length > 0;
    const isMigrating = config !== undefined && config.shadow.authorizer !== '';
    if (!isMigrated || isMigrating) return [];
    return [
      ...workloads
        .filter(({ containers }) => containers.some(({ image }) => /oauth2-proxy/.test(textOf(image))))
        .map(({ object }) => ({ place: object.at(), cause: 'This workload runs oauth2-proxy.' })),
      ...entries
        .filter(
          (entry) => !ownEntries.includes(entry) && /oauth2-proxy/.test(`${entry.name} ${entry.service}`),
        )
        .map((entry) => ({
          place: entry.at(),
          cause: `The entry ${entry.name} names oauth2-proxy.`,
        })),
    ];
  },
};
