/**
 * Limits the open connections of a server, including those in the TLS handshake. Node's `server.maxConnections` does not
 * count connections that another process accepted.
 */
import type { Server, Socket } from 'node:net';

/**
 * Closes each connection beyond the limit before the server handles it. Call this after the server added its own
 * `connection` listeners, and before anything else adds one.
 *
 * @param most returns the limit; called for each new connection
 */
export function limitOpenConnections(server: Server, most: () => number): void {
  let open = 0;
  const serve = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (open >= most()) {
      socket.destroy();
      return;
    }
    open++;
    socket.once('close', () => open--);
    for (const listener of serve) listener.call(server, socket);
  });
}
