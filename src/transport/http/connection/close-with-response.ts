/** Closes a connection after a last response, so that the peer receives it even while it is still sending. */
import type { Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';

/** Writes a last response and closes the connection. Does nothing if it is already closing. */
export type CloseWithResponse = (socket: Socket, response: string) => void;

/** Maximum number of connections that close at the same time. */
const maxClosing = 1_000;

/** The timeout of a close, in milliseconds. */
const closeTimeout = 2_000;

/** Creates a {@link CloseWithResponse}. Beyond its limit, connections close without a response. */
export function createCloseWithResponse(clock: Clock): CloseWithResponse {
  const closing = new Set<Socket>();
  return (socket, response) => {
    if (closing.has(socket)) return;
    socket.on('error', () => socket.destroy());
    if (closing.size >= maxClosing || !socket.writable) {
      socket.destroy();
      return;
    }
    closing.add(socket);
    const cancel = clock.after(closeTimeout, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      closing.delete(socket);
    });
    // Read what the peer still sends: unread data would reset the connection, and the peer would lose the response.
    socket.once('end', () => socket.destroy());
    socket.resume();
    socket.end(response);
  };
}
