/** K13: the admin listener behind a gateway. */
import type { Rule } from '../rule.ts';
import { listenerOf, ownPorts, servicePort } from '../world/own-ports.ts';
import { routesOf } from '../world/routes.ts';
import type { World } from '../world/world.ts';

/** The admin listener must be reachable only from inside the cluster. */
export const adminExposed: Rule<World> = {
  id: 'K13',
  title: 'Admin listener that is reachable through a gateway',
  severity: 'error',
  effect:
    'Every client of the gateway can read the metrics and the readiness report, which name the issuers and their problems.',
  fix: 'Delete the route. To reach the admin listener, use `kubectl port-forward`.',
  check: (world) => {
    const ports = ownPorts(world);
    return routesOf(world).flatMap(({ place, name, namespace, port }) => {
      const service = world.ownServices.find((one) => one.name === name && one.namespace === namespace);
      const target = service && servicePort(service, port);
      return target !== undefined && listenerOf(target, ports) === 'admin'
        ? [
            {
              place,
              cause: `The route leads to port ${target.number} of Service ${namespace}/${name}, the admin listener.`,
            },
          ]
        : [];
    });
  },
};
