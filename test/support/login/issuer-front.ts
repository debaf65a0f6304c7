/** A proxy in front of a real issuer: it counts the requests of browsers and services, and breaks them on request. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to the issuer. */
export interface IssuerRequest {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body of a form. */
  readonly form: URLSearchParams;
}

/** The end of a request without the issuer's answer: the connection closes, or the client gets a status and a text. */
export type Fault = 'close' | { readonly status: number; readonly body: string };

/** A running proxy. */
export interface IssuerFront {
  readonly url: string;
  readonly requests: IssuerRequest[];
  /** The requests to the token endpoint with a grant type. */
  readonly grants: (type: 'authorization_code' | 'refresh_token') => readonly IssuerRequest[];
  /** Decides about each request; undefined passes it on. A promise delays it. */
  fault: (request: IssuerRequest) => Fault | undefined | Promise<Fault | undefined>;
  readonly close: () => Promise<void>;
}

/**
 * Starts the proxy.
 *
 * @param target the port of the issuer, asked for after the proxy has its own port, because the issuer's name has that port
 */
export async function startIssuerFront(
  target: (url: string) => number | Promise<number>,
): Promise<IssuerFront> {
  const requests: IssuerRequest[] = [];
  const agent = new http.Agent({ keepAlive: true });
  let port = 0;
  const server = http.createServer((request, response) => {
    void pass(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const seen = {
      method: request.method ?? '',
      path: pathname,
      query: searchParams,
      form: new URLSearchParams(body.toString()),
    };
    requests.push(seen);
    const fault = await front.fault(seen);
    if (fault === 'close') {
      request.socket.destroy();
      return;
    }
    if (fault !== undefined) {
      response.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body);
      return;
    }
    const onward = http.request(
      { port, host: '127.0.0.1', agent, method: request.method, path: request.url, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    onward.end(body);
  };
  const front: IssuerFront = {
    url,
    requests,
    grants: (type) => requests.filter(({ form }) => form.get('grant_type') === type),
    fault: () => undefined,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  port = await target(url);
  return front;
}
