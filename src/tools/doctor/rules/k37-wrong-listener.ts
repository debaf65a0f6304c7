/** K37: an entry that sends checks to a port of another protocol. */
import type { Rule } from '../rule.ts';
import { listenerOf, ownPorts, servicePort } from '../world/own-ports.ts';
import type { World } from '../world/world.ts';

const protocolNames = { http: 'HTTP', grpc: 'gRPC', admin: 'admin' } as const;

/** Each listener answers one protocol. */
export const wrongListener: Rule<World> = {
  id: 'K37',
  title: 'Entry that uses the port of another listener',
  severity: 'error',
  effect: 'Every check fails. The client gets an empty 403 or 503 without a decision of the service.',
  fix: 'Write the port of the Service that leads to the listener of this protocol: by default 8000 for HTTP and 9000 for gRPC.',
  check: (world) => {
    const ports = ownPorts(world);
    return world.ownEntries.flatMap((entry) => {
      if (entry.port === undefined) return [];
      const service = world.serviceAt(entry.service);
      const target = service && servicePort(service, entry.port);
      const listener =
        target === undefined
          ? ports.find(({ number }) => number === entry.port)?.listener
          : listenerOf(target, ports);
      if (listener === undefined || listener === entry.protocol) return [];
      const wanted =
        service === undefined
          ? undefined
          : service
              .list('spec', 'ports')
              .map(({ port }) => servicePort(service, Number(port)))
              .find((port) => port !== undefined && listenerOf(port, ports) === entry.protocol);
      return [
        {
          place: entry.at('port'),
          cause: `The entry ${entry.name} sends checks over ${protocolNames[entry.protocol]} to port ${entry.port}, the ${protocolNames[listener]} listener.`,
          ...(wanted !== undefined && { fix: `Write \`port: ${wanted.number}\`.` }),
        },
      ];
    });
  },
};
