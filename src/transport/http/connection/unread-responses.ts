/** Connections that misbehave below the level of a request. */
import type { Server, Socket } from 'node:net';
import { http } from '../../../runtime/node-http.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { openSockets } from '../../shared/listener.ts';
import type { HangUp } from './close-with-response.ts';

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

/** Answers what is no HTTP, or too much or too slow of it, and hangs up. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket, hangUp: HangUp): void {
  const status = statusOf(error.code);
  if (status === undefined) {
    socket.destroy();
    return;
  }
  // A bare reset would be an error to Envoy, which an open failure mode turns into an allow; a 400 is a denial.
  hangUp(
    socket,
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
  );
}

function statusOf(code: string | undefined): number | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code?.startsWith('HPE_') === true ? 400 : undefined;
}
