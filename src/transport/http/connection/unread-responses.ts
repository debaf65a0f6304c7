/** Closes connections whose peer does not read its responses. */
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';
import { openSockets } from '../../shared/close-server.ts';

/** How often connections are looked at for answers that nobody reads, in milliseconds. */
const sweepInterval = 5_000;

/**
 * Ends connections whose peer does not take its answers: one that was held up at two looks in a row. Asking each
 * connection for a timeout of its own would cost every check more than this costs them all.
 *
 * @param alsoLook is called at each look
 * @returns stops that
 */
export function endUnreadConnections(
  server: Server,
  isSecure: boolean,
  clock: Clock,
  alsoLook: () => void,
): () => void {
  // Over TLS it is the socket above the encryption that answers are written to.
  const sockets = openSockets(server, isSecure ? 'secureConnection' : 'connection');
  let heldUp = new Set<Socket>();
  let cancel = () => {};
  const sweep = () => {
    const unread = [...sockets].filter((socket) => socket.writableLength > 0);
    for (const socket of unread) if (heldUp.has(socket)) socket.destroy();
    heldUp = new Set(unread);
    alsoLook();
    cancel = clock.after(sweepInterval, sweep);
  };
  cancel = clock.after(sweepInterval, sweep);
  return () => cancel();
}
