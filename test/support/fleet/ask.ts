/** Asks a replica about a request of a browser, without a mesh. */
import http from 'node:http';
import { shop } from './fleet.ts';

/** The answer about a request. */
export type Answer =
  | 'allowed'
  /** Sent to log in: there is no session. */
  | 'login'
  /** The service cannot say. The session may be good. */
  | 'error'
  /** There is a session, and it does not count for the request. */
  | 'denied'
  /** An unexpected answer, or none. */
  | { readonly unexpected: string };

/** An answer with what else the browser gets. */
export interface Asked {
  readonly answer: Answer;
  readonly body: string;
  /** The values of `set-cookie`. */
  readonly cookies: readonly string[];
  /** Whether a session cookie is deleted. */
  readonly deletes: boolean;
}

/** Asks. Rejects never: an answer that does not come within 10 s is unexpected. */
export function askReplica(port: number, cookie: string, agent?: http.Agent): Promise<Asked> {
  return new Promise((resolve) => {
    const fail = (error: Error) =>
      resolve({ answer: { unexpected: error.message }, body: '', cookies: [], deletes: false });
    const request = http.get(
      {
        host: '127.0.0.1',
        port,
        path: '/orders',
        timeout: 10_000,
        ...(agent !== undefined && { agent }),
        headers: {
          host: shop,
          accept: 'text/html',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          ...(cookie !== '' && { cookie }),
        },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => (body += chunk));
        response.on('error', fail);
        response.on('end', () => {
          const cookies = response.headers['set-cookie'] ?? [];
          const deletes = cookies.some((line) => /^__Host-oidc-authz=/.test(line) && /max-age=0/i.test(line));
          resolve({ answer: answerOf(response), body, cookies, deletes });
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', fail);
  });
}

function answerOf({ statusCode = 0, headers }: http.IncomingMessage): Answer {
  if (statusCode === 200) return 'allowed';
  if (statusCode === 302 || statusCode === 401) return 'login';
  if (statusCode === 403) return headers['retry-after'] === undefined ? 'denied' : 'error';
  return { unexpected: `${statusCode} ${JSON.stringify(headers)}` };
}
