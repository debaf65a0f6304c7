/** K06: a gRPC entry whose Service port is not declared as gRPC. */
import type { Rule } from '../rule.ts';
import { portsOf } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** Istio reads the protocol of a port from `appProtocol` or from its name. */
export const portWithoutGrpc: Rule<World> = {
  id: 'K06',
  title: 'Service port for gRPC checks that is not declared as gRPC',
  severity: 'error',
  effect:
    'Istio uses HTTP/1.1 for the port. Every check fails, and the client gets an empty 403 without a decision of the service.',
  fix: 'Set `appProtocol: grpc` at the port of the Service, or begin its name with `grpc-`.',
  check: ({ entries, serviceAt }) =>
    entries
      .filter(({ kind }) => kind === 'istio-grpc')
      .flatMap((entry) => {
        const service = serviceAt(entry.service);
        const port = service && portsOf(service).find(({ number }) => number === entry.port);
        if (service === undefined || port === undefined) return [];
        const protocol = (port.appProtocol || port.name.replace(/-.*/, '')).toLowerCase();
        if (/^(grpc|grpc-web|http2|h2c|kubernetes\.io\/h2c|https|tls)$/.test(protocol)) return [];
        return [
          {
            place: service.at(...port.path),
            cause: `The entry ${entry.name} sends gRPC to port ${port.number}, but the port has ${port.appProtocol === '' ? `the name ${JSON.stringify(port.name)} and no \`appProtocol\`` : `\`appProtocol: ${port.appProtocol}\``}.`,
          },
        ];
      }),
};
