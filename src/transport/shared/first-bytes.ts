/** Reads the first bytes of a connection without consuming them. */
import type { Socket } from 'node:net';

/**
 * Calls a function when the first bytes of a connection arrive. They remain readable. The function is not called if the
 * connection closes without any bytes.
 *
 * @param call receives at least one byte
 */
export function onFirstBytes(socket: Socket, call: (bytes: Buffer) => void): void {
  const read = () => {
    const bytes: Buffer | null = socket.read();
    if (bytes !== null) {
      socket.unshift(bytes);
      call(bytes);
      return;
    }
    // The connection was closed first, for example by a TCP health check.
    if (socket.readableEnded || socket.destroyed) return;
    socket.once('readable', read);
  };
  socket.once('readable', read);
}
