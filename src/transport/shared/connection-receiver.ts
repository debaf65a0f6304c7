/** Receives the connections that another process accepted for the servers of this one. */
import type { Server, Socket } from 'node:net';
import type { Listen } from './listener.ts';

/** Receives connections. */
export interface ConnectionReceiver {
  /** Creates a replacement for binding the port of a listener. */
  readonly listenFor: (name: string) => Listen;
  /** Passes a connection to the server of a listener. Closes it if that does not listen. */
  readonly receive: (name: string, socket: Socket) => void;
}

/** Creates a receiver without servers. */
export function createConnectionReceiver(): ConnectionReceiver {
  const servers = new Map<string, Server>();
  return {
    listenFor: (name) => async (server, where) => {
      servers.set(name, server);
      // The HTTP server starts its request timeouts on this event.
      server.emit('listening');
      return { host: where.host ?? '::', port: where.port };
    },
    receive: (name, socket) => {
      const server = servers.get(name);
      if (server === undefined) return void socket.destroy();
      // A server sets these on connections that it accepts itself.
      socket.allowHalfOpen = (server as { allowHalfOpen?: boolean }).allowHalfOpen === true;
      socket.setNoDelay(true);
      server.emit('connection', socket);
    },
  };
}
