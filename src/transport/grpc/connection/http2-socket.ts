/** The socket below Node's HTTP/2, to which this service also writes frames of its own. */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

// RFC 9113 section 6.8: a GOAWAY with the highest stream ID announces that the connection will close, and loses no calls.
const goAwayNotice = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * The stream for the HTTP/2 library: the socket itself, or for TLS a stream that passes on one write at a time. On a TLS
 * socket, a second write during a write of the library aborts the process.
 */
export function transportOf(socket: Socket): Duplex {
  return socket instanceof TLSSocket ? serializedWrites(socket) : socket;
}

/**
 * Asks a peer to open its next calls on another connection. Calls that are on their way still get a response.
 *
 * This function writes the frame itself. After a GOAWAY of its own, the library stops reading as soon as no call is open, and
 * a call on its way would be lost. The library writes whole frames, so another frame fits between them.
 */
export function sendGoAway(socket: Socket): void {
  if (socket.writable) socket.write(goAwayNotice);
}

function serializedWrites(socket: Socket): Duplex {
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => {
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('close', () => stream.destroy());
  return stream;
}
