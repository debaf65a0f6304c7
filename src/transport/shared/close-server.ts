/** Closes a server and its connections without losing requests. */
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../runtime/time/clock.ts';

/** The longest wait for a new connection, in milliseconds. */
const quietTimeout = 50;

/**
 * Waits until the listening socket can be closed safely: right after a connection was accepted, or if none arrives for
 * 50 ms. The close resets connections that the kernel accepted and Node did not.
 */
export function quietMoment(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(quietTimeout, resolve);
    server.once('connection', () => {
      cancel();
      setImmediate(resolve);
    });
  });
}

/**
 * Tracks the open connections of a server.
 *
 * @param event `connection` includes connections during the TLS handshake; `secureConnection` does not
 */
export function openSockets(
  server: Server,
  event: 'connection' | 'secureConnection' = 'connection',
): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Stops listening, and resolves when all connections are closed. Closes the rest after `grace` milliseconds. */
export async function closeServer(
  server: Server,
  sockets: ReadonlySet<Socket>,
  grace: number,
  clock: Clock,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cancel = clock.after(grace, () => {
    for (const socket of sockets) socket.destroy();
  });
  await closed;
  // A server's close() does not wait for connections that another process accepted.
  await Promise.all(
    [...sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
  );
  cancel();
}
