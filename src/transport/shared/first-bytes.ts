/** The first bytes of a connection, seen before anybody reads it. */
import type { Socket } from 'node:net';

/**
 * Calls when the first bytes of a connection have come, which stay to be read; never for one that ends without any.
 *
 * @param take is given some of them, at least one
 */
export function onFirstBytes(socket: Socket, take: (bytes: Buffer) => void): void {
  const look = () => {
    const bytes: Buffer | null = socket.read();
    if (bytes !== null) {
      socket.unshift(bytes);
      take(bytes);
      return;
    }
    // Its end came first, as from a health checker that only connects.
    if (socket.readableEnded || socket.destroyed) return;
    socket.once('readable', look);
  };
  socket.once('readable', look);
}
