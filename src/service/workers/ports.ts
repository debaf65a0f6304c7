/** The ports on which checks arrive. The process that owns the keys holds them, so that they are open whichever worker ends. */
import net from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { quietMoment } from '../../transport/shared/close-server.ts';
import { listen } from '../../transport/shared/listen.ts';
import type { CheckAddresses } from '../check-service.ts';
import type { CheckListenerName, Connection } from './protocol.ts';

/** The ports. */
export interface Doors {
  /** Binds them; rejects where one cannot be bound. */
  readonly open: (arrived: (connection: Connection) => void) => Promise<CheckAddresses>;
  /** Takes no more connections; those that were taken stay. */
  readonly close: () => Promise<void>;
}

/** Makes the ports of a configuration. Nothing is read from a connection here. */
export function createDoors({ http, grpc }: Pick<Config, 'http' | 'grpc'>, clock: Clock): Doors {
  const servers: net.Server[] = [];
  const open = async (
    name: CheckListenerName,
    { host, port }: Config[CheckListenerName],
    arrived: (connection: Connection) => void,
  ) => {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      arrived({ listener: name, socket });
    });
    const address = await listen(server, { name, host, port });
    servers.push(server);
    // A connection that the kernel could not give, for want of file descriptors: the next one may succeed.
    server.on('error', () => {});
    return address;
  };
  return {
    open: async (arrived) => ({
      ...(http.enabled && { http: await open('http', http, arrived) }),
      ...(grpc.enabled && { grpc: await open('grpc', grpc, arrived) }),
    }),
    close: async () => {
      await Promise.all(
        servers.map(async (server) => {
          await quietMoment(server, clock);
          server.close();
        }),
      );
    },
  };
}
