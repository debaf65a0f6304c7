/**
 * How many connections of a server are open at once, whatever became of them: most are served, some are in the middle of
 * their TLS handshake. Node's `server.maxConnections` sees only connections that the server accepted itself, and not those
 * that another process hands over.
 */
import type { Server, Socket } from 'node:net';

/**
 * Closes each connection that comes beyond a bound before the server does anything with it. To be called when the server
 * has its own listeners of connections, and before anybody adds another one.
 *
 * @param most how many there may be, asked at each connection that comes
 */
export function boundOpenConnections(server: Server, most: () => number): void {
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
