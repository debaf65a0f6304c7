/** A workload that returns the request it received, for the demo and the end-to-end tests. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the workload received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  /** Every header line, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A running workload. */
export interface Workload {
  readonly port: number;
  /** The number of requests so far. */
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

/** Starts the workload on a free local port. */
export async function startWorkload(): Promise<Workload> {
  let requests = 0;
  const server = http.createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    requests++;
    const headers: [string, string][] = [];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      headers.push([(request.rawHeaders[index] ?? '').toLowerCase(), request.rawHeaders[index + 1] ?? '']);
    }
    const received: Received = { method: request.method ?? '', path: request.url ?? '', headers };
    const body = JSON.stringify(received);
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
    request.resume();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
