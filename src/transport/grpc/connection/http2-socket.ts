/** What HTTP/2 runs on, so that a frame of our own can be written beside the library. */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

// RFC 9113 section 6.8: GOAWAY with the highest stream id says that the connection will end, and that no call is lost.
const goAwayNotice = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * The stream to give to the HTTP/2 library for a connection: the connection itself where that can be written to by
 * two at once, as TCP can. TLS cannot: a second write while the library's own is under way aborts the process. It is
 * given a stream in between, which hands on one write after the other.
 */
export function transportOf(socket: Socket): Duplex {
  return socket instanceof TLSSocket ? inBetween(socket) : socket;
}

/**
 * Tells a peer to open its next calls elsewhere, while those on their way here are still answered.
 *
 * It is written beside the library: after a GOAWAY of its own, the library stops reading as soon as no call is open,
 * and a call that is on its way in that moment is lost. The library writes whole frames, so another may stand
 * between two of them.
 */
export function askToGo(socket: Socket): void {
  if (socket.writable) socket.write(goAwayNotice);
}

function inBetween(socket: Socket): Duplex {
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
