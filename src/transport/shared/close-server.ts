/** Closes a server and its connections without losing requests. */
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../runtime/time/clock.ts';

/** How long a quiet moment is waited for, in milliseconds. */
const quietTimeout = 50;

/**
 * Waits for the moment in which closing the listening socket loses least: right behind an accepted connection, or
 * when none has come for a while. What the kernel has accepted and Node has not is reset by the close.
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
 * Keeps count of a server's connections.
 *
 * @param event tells of one: `connection`, in the middle of a TLS handshake too, or `secureConnection`, after it
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

/** Stops listening and resolves when every connection has ended; those that are left after `grace` milliseconds are cut. */
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
  // A server knows nothing of connections that were handed to it.
  await Promise.all(
    [...sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
  );
  cancel();
}
