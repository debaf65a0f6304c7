/** Writes a prepared reply. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpReply } from '../check/http-reply.ts';

/** Node's field for the text of the response head, which its own subclasses use. */
interface WithHead {
  _header: string | null;
}

/**
 * The timeout of idle connections, in milliseconds. It is longer than Envoy's, which is an hour, so that Envoy never reuses
 * a connection while this server closes it.
 */
export const keepAliveTimeout = 65 * 60 * 1000;

const staysOpen = `connection: keep-alive\r\nkeep-alive: timeout=${keepAliveTimeout / 1000}\r\n\r\n`;

/**
 * Writes the reply to a request.
 *
 * @param isLast whether to close the connection after it
 */
export function writeReply(
  message: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
  isLast: boolean,
): void {
  if (isLast) response.shouldKeepAlive = false;
  // Node's writeHead validates and joins the lines for each response, which costs a third of the whole check.
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
 * Writes the whole reply while its request is still arriving, with `connection: close`. The caller ends the response after the
 * request has arrived: ending it closes the connection, and an early close can prevent the peer from reading the reply.
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

/** Whether the response has a body and the connection stays open (RFC 9112 sections 6.3 and 9.3). */
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
