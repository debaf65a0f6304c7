/** Rejects a request that Node's HTTP/1.1 parser cannot read, or that arrives too slowly. */
import type { Socket } from 'node:net';
import { http } from '../../../runtime/node-http.ts';
import type { HangUp } from './close-with-response.ts';

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
