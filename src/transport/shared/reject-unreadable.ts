/** Ends connections on which something else than a valid HTTP/1.1 request arrives. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { otherThanHttp1 } from './protocol-detection.ts';
import type { OnRejected } from './rejections.ts';

/** Responds with status 400, and reports a client that uses another protocol. */
export function rejectUnreadable(server: Server, onRejected: OnRejected): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const cause = otherThanHttp1(error, socket);
    if (cause !== undefined) onRejected(cause);
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    socket.destroySoon();
  });
}
