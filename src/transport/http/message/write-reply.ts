/** Writes an answer that was made beforehand. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpReply } from '../check/http-reply.ts';

/** What Node's response writes out as its head; a field that it has for the classes built on it. */
interface WithHead {
  _header: string | null;
}

/**
 * How long an idle connection is kept, in milliseconds. Envoy keeps one for an hour, and reuses it in the very moment in
 * which a shorter server closes it.
 */
export const keepAliveTimeout = 65 * 60 * 1000;

const staysOpen = `connection: keep-alive\r\nkeep-alive: timeout=${keepAliveTimeout / 1000}\r\n\r\n`;

/**
 * Answers a request.
 *
 * @param isLast whether the connection shall be closed behind it
 */
export function writeReply(
  message: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
  isLast: boolean,
): void {
  if (isLast) response.shouldKeepAlive = false;
  // Judging and joining the same lines anew for each answer would cost a third of the whole check.
  if (isOrdinary(message, response)) {
    const head = reply.head + reply.sharedHead + dateOf(reply) + staysOpen;
    (response as unknown as WithHead)._header = reply.body === '' ? head : head + reply.body;
    response.end();
    return;
  }
  writeHead(response, reply);
  response.end(reply.body, 'latin1');
}

/**
 * Writes an answer whole while its request is still arriving, and says that the connection will be closed. Its response is ended later, since
 * that closes the connection, and a close before all has arrived can take the answer away from the peer.
 */
export function writeAhead(response: ServerResponse, reply: HttpReply): void {
  response.shouldKeepAlive = false;
  writeHead(response, reply);
  if (reply.body === '' || response.req.method === 'HEAD') response.flushHeaders();
  else response.write(reply.body, 'latin1');
}

function writeHead(response: ServerResponse, reply: HttpReply): void {
  response.sendDate = false;
  const [statusLine = '', ...lines] = (reply.head + reply.sharedHead + dateOf(reply))
    .split('\r\n')
    .filter((line) => line !== '');
  const reasonPhrase = statusLine.slice('HTTP/1.1 200 '.length);
  response.writeHead(reply.status, reasonPhrase, lines.flatMap(nameAndValue));
}

function dateOf({ dateLine }: HttpReply): string {
  return dateLine === undefined ? '' : dateLine();
}

/** Whether the answer has its body, and the connection stays open (RFC 9112 sections 6.3 and 9.3). */
function isOrdinary(message: IncomingMessage, response: ServerResponse): boolean {
  return (
    response.shouldKeepAlive &&
    message.method !== 'HEAD' &&
    message.httpVersionMinor === 1 &&
    message.httpVersionMajor === 1
  );
}

function nameAndValue(line: string): string[] {
  const colon = line.indexOf(': ');
  return [line.slice(0, colon), line.slice(colon + 2)];
}
