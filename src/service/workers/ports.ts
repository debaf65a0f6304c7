/** The ports of the check listeners. The main process owns them, so they stay open when a worker exits. */
import net from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { BindAddress } from '../../transport/shared/bind-problem.ts';
import { quietMoment } from '../../transport/shared/close-server.ts';
import { listen } from '../../transport/shared/listen.ts';
import type { CheckAddresses } from '../check-service.ts';
import type { CheckListenerName, Connection } from './protocol.ts';

/** The ports. */
export interface CheckPorts {
  /** Binds the ports. Rejects if one cannot be bound. */
  readonly open: (onConnection: (connection: Connection) => void) => Promise<CheckAddresses>;
  /** Stops accepting connections. Accepted connections stay open. */
  readonly close: () => Promise<void>;
}

/** Creates the ports of a configuration. The main process reads nothing from a connection. */
export function createCheckPorts(
  { http, grpc, login }: Pick<Config, 'http' | 'grpc' | 'login'>,
  clock: Clock,
): CheckPorts {
  const servers: net.Server[] = [];
  const open = async (
    name: CheckListenerName,
    bound: BindAddress,
    onConnection: (connection: Connection) => void,
  ) => {
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      onConnection({ listener: name, socket });
    });
    const address = await listen(server, bound);
    servers.push(server);
    // The kernel could not accept a connection, for example without a free file descriptor. The next one may succeed.
    server.on('error', () => {});
    return address;
  };
  return {
    open: async (onConnection) => ({
      ...(http.enabled && { http: await open('http', { ...http, name: 'http' }, onConnection) }),
      ...(grpc.enabled && { grpc: await open('grpc', { ...grpc, name: 'grpc' }, onConnection) }),
      ...(login?.listener.enabled === true && {
        login: await open('login', { ...login.listener, name: 'login.listener' }, onConnection),
      }),
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
