/** K38: a route to the check port of the service. */
import type { Rule } from '../rule.ts';
import { listenerOf, ownPorts, servicePort } from '../world/own-ports.ts';
import { routesOf } from '../world/routes.ts';
import type { World } from '../world/world.ts';

/** Only proxies need the check port. */
export const authorizerExposed: Rule<World> = {
  id: 'K38',
  title: 'Check port that is reachable through a gateway',
  severity: 'warning',
  effect:
    'Any client can send checks with headers that only a proxy may set. An APIRule also makes ALLOW policies for the pods of the service, which deny the checks of the proxies.',
  fix: 'Delete the route. Proxies reach the service through its Service in the cluster.',
  check: (world) => {
    const ports = ownPorts(world);
    return routesOf(world).flatMap(({ place, name, namespace, port }) => {
      const service = world.ownServices.find((one) => one.name === name && one.namespace === namespace);
      const target = service && servicePort(service, port);
      const listener = target && listenerOf(target, ports);
      return target !== undefined && (listener === 'http' || listener === 'grpc')
        ? [
            {
              place,
              cause: `The route leads to port ${target.number} of Service ${namespace}/${name}, on which the service answers checks.`,
            },
          ]
        : [];
    });
  },
};
