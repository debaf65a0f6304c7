/** Closes connections whose peer does not read its responses. */
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';
import { openSockets } from '../../shared/close-server.ts';

/** The time between two sweeps, in milliseconds. */
const sweepInterval = 5_000;

/**
 * Closes connections whose peer has unread responses in two sweeps in a row. A timeout per connection would cost more for
 * every check than the sweeps cost for all connections.
 *
 * @param onSweep called at each sweep
 * @returns a function that stops the sweeps
 */
export function closeUnreadConnections(
  server: Server,
  isSecure: boolean,
  clock: Clock,
  onSweep: () => void,
): () => void {
  // With TLS, responses are written to the socket above the encryption.
  const sockets = openSockets(server, isSecure ? 'secureConnection' : 'connection');
  let unreadBefore = new Set<Socket>();
  let cancel = () => {};
  const sweep = () => {
    const unread = [...sockets].filter((socket) => socket.writableLength > 0);
    for (const socket of unread) if (unreadBefore.has(socket)) socket.destroy();
    unreadBefore = new Set(unread);
    onSweep();
    cancel = clock.after(sweepInterval, sweep);
  };
  cancel = clock.after(sweepInterval, sweep);
  return () => cancel();
}
