/** The answer of the authorizer that still decides, as it came. */
import type { IncumbentAnswer } from '../check/types.ts';
import { type HttpReply, type Line, linesOf } from './lines.ts';

/** What belongs to the connection that the answer came on (RFC 9110 section 7.6.1), or says how long the body is. */
const ofConnection = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Makes the answer. */
export function incumbentReply({
  status,
  statusText,
  headers,
  body,
  isBodyless,
}: IncumbentAnswer): HttpReply {
  const lines: Line[] = headers.filter(([name]) => !ofConnection.has(name.toLowerCase()));
  const length = isBodyless ? headers.filter(([name]) => name.toLowerCase() === 'content-length') : undefined;
  return {
    status,
    head: `HTTP/1.1 ${status} ${statusText}\r\n${linesOf(lines)}`,
    sharedHead: linesOf(length ?? [['content-length', String(body.length)]]),
    body,
  };
}
