/** Returns the response of the incumbent unchanged. The incumbent decides while `shadow.authorizer` is set. */

import { connectionHeaders } from '../../../check/incumbent/connection-headers.ts';
import type { IncumbentAnswer } from '../../../model/incumbent.ts';
import { type HttpReply, type Line, linesOf } from './http-reply.ts';

/** Creates the reply. */
export function incumbentReply({
  status,
  statusText,
  headers,
  body,
  isBodyless,
}: IncumbentAnswer): HttpReply {
  const lines: Line[] = headers.filter(([name]) => !connectionHeaders.has(name.toLowerCase()));
  const length = isBodyless ? headers.filter(([name]) => name.toLowerCase() === 'content-length') : undefined;
  return {
    status,
    head: `HTTP/1.1 ${status} ${statusText}\r\n${linesOf(lines)}`,
    sharedHead: linesOf(length ?? [['content-length', String(body.length)]]),
    body,
  };
}
