/** K51: a central host of a login that no route serves. */
import { type KubeObject, textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import { servesHost } from '../world/path-coverage.ts';
import { routesOf } from '../world/routes.ts';
import type { World } from '../world/world.ts';

/** The central host often has no workload, so its route is easily forgotten. It can also be in manifests that are not given. */
export const unroutedCentralHost: Rule<World> = {
  id: 'K51',
  title: 'Central host of a login that no route serves',
  severity: 'note',
  effect:
    'If no other manifest routes the host, its sign-in page answers 404, and no person can sign in at any host.',
  fix: 'Route the prefix `/.oidc-authz/` of the host to the login listener, or to any backend behind the check (docs/login-hosts.md).',
  needsConfig: true,
  check: (world) => {
    const host = world.config?.login?.host;
    const hosts = world.config?.login?.hosts ?? [];
    if (host === undefined) return [];
    const routes = routesOf(world);
    const other = routes.find(({ object }) => hosts.some((one) => one !== host && serves(object, one)));
    return other === undefined || routes.some(({ object }) => serves(object, host))
      ? []
      : [
          {
            place: other.place,
            cause: `The manifests route another host of the login, but none of their routes serves ${host}, the central host (\`login.host\`).`,
          },
        ];
  },
};

function serves(object: KubeObject, host: string): boolean {
  if (object.kind === 'Ingress')
    return object.list('spec', 'rules').some((rule) => isOf(textOf(rule.host), host));
  if (object.kind === 'HTTPRoute' && object.texts('spec', 'hostnames').length === 0) return true;
  return servesHost(object, host);
}

/** Whether a rule of an Ingress is about a host. A rule without one is about every host. */
function isOf(named: string, host: string): boolean {
  const [name] = host.split(':');
  return (
    named === '' || named === name || (named.startsWith('*.') && name?.endsWith(named.slice(1)) === true)
  );
}
