/** A workload that tells what it received: the upstream of the demo and of the end-to-end tests. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the workload received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  /** Every header line, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A workload that runs. */
export interface Workload {
  readonly port: number;
  /** How many requests reached it. */
  readonly requests: () => number;
  readonly close: () => Promise<void>;
}

/** Starts the workload on a free port of this machine. */
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
