/** The internet for a service behind an egress proxy. The proxy answers the requests to all servers. */

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import tls from 'node:tls';
import { createAuthority } from './certificates.ts';
import { sendJson } from './fake-issuer.ts';

/** Documents by their exact URL. Any other URL gets 404. */
export type Documents = Readonly<Record<string, unknown>>;

/** A simulated internet. */
export interface SimulatedInternet {
  /** The address of the proxy, for `httpsProxy`. */
  readonly proxy: string;
  /** The CA of its servers, for `caFile`. */
  readonly caFile: string;
  /** The documents, which tests may replace. */
  documents: Documents;
  readonly close: () => Promise<void>;
}

/** Starts the proxy for servers with these names. */
export async function startSimulatedInternet(names: readonly string[]): Promise<SimulatedInternet> {
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issueFor('internet', {
    subject: [['CN', 'internet']],
    dnsNames: names,
  });
  const secureContext = tls.createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  const sockets = new Set<Socket>();

  const answer = (url: string, response: ServerResponse) => {
    if (Object.hasOwn(internet.documents, url)) sendJson(response, internet.documents[url]);
    else response.writeHead(404).end();
  };
  const origin = createServer(({ headers, url }: IncomingMessage, response) =>
    answer(`https://${headers.host}${url}`, response),
  );
  // A request to http:// has the whole URL in its request line. A request to https:// opens a tunnel with CONNECT.
  const server = createServer(({ url = '' }, response) => answer(url, response));
  server.on('connect', (_, socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const secure = new tls.TLSSocket(socket, { isServer: true, secureContext });
    secure.on('error', () => {});
    origin.emit('connection', secure);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const internet: SimulatedInternet = {
    proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caFile: authority.caFile,
    documents: {},
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return internet;
}
