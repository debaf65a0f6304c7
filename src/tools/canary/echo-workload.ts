/** The workload of the canary: it answers each request with the headers that it received. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { http } from '../../runtime/node-http.ts';
import { headerLines } from '../../runtime/raw-headers.ts';

/** A token, or a value that contains one: three parts in base64url. It must not be shown. Each word is read once. */
const token = /(?<![\w-])[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;

/** Headers whose values are credentials of any form. */
const credentials = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** Creates the workload. It does not listen yet. */
export function createEchoWorkload(): Server {
  return http.createServer(
    { maxHeaderSize: 96 * 1024, headersTimeout: 5_000, requestTimeout: 5_000 },
    (message: IncomingMessage, response: ServerResponse) => {
      message.resume();
      const body = JSON.stringify({
        workload: 'oidc-authz canary',
        headers: shownHeaders(message.rawHeaders),
      });
      response.writeHead(200, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    },
  );
}

function shownHeaders(rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  return headerLines(rawHeaders).map(([name, value]) => [
    name,
    credentials.has(name.toLowerCase()) ? '(not shown)' : value.replaceAll(token, '(a token)'),
  ]);
}
