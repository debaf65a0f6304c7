/** Rejects a request that Node's HTTP/1.1 parser cannot read, or that arrives too slowly. */
import type { Socket } from 'node:net';
import { http } from '../../../runtime/node-http.ts';
import type { CloseWithResponse } from './close-with-response.ts';

/** Responds to a request that is not HTTP, too large or too slow, and closes the connection. */
export function rejectRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  closeWithResponse: CloseWithResponse,
): void {
  const status = statusOf(error.code);
  if (status === undefined) {
    socket.destroy();
    return;
  }
  // To Envoy, a reset is an error, which its failure mode may allow. A 400 is a denial.
  closeWithResponse(
    socket,
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
  );
}

function statusOf(code: string | undefined): number | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code?.startsWith('HPE_') === true ? 400 : undefined;
}
