/** Servers of this process whose connections another process accepts and hands over. */
import type { Server, Socket } from 'node:net';
import type { Listen } from './listener.ts';

/** The servers, by the names of their listeners. */
export interface HandedConnections {
  /** Makes what stands in the place of binding a server's port. */
  readonly listenFor: (name: string) => Listen;
  /** Gives a connection to the server of that name; without one it is closed. */
  readonly take: (name: string, socket: Socket) => void;
}

/** Keeps servers for the connections to come. */
export function createHandedConnections(): HandedConnections {
  const servers = new Map<string, Server>();
  return {
    listenFor: (name) => async (server, where) => {
      servers.set(name, server);
      // The HTTP server begins to look for requests that take too long when it is told that it listens.
      server.emit('listening');
      return { host: where.host ?? '::', port: where.port };
    },
    take: (name, socket) => {
      const server = servers.get(name);
      if (server === undefined) return void socket.destroy();
      // What a server does to connections that it accepts itself.
      socket.allowHalfOpen = (server as { allowHalfOpen?: boolean }).allowHalfOpen === true;
      socket.setNoDelay(true);
      server.emit('connection', socket);
    },
  };
}
