/** The internet as a service behind an egress proxy sees it: the proxy answers in the name of every server itself. */

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import tls from 'node:tls';
import { createAuthority } from './certificates.ts';
import { sendJson } from './fake-issuer.ts';

/** Documents by their exact address; any other address is a 404. */
export type Documents = Readonly<Record<string, unknown>>;

/** An internet of documents. */
export interface SimulatedInternet {
  /** The address of the proxy, for `httpsProxy`. */
  readonly proxy: string;
  /** Who signs the certificates of its servers, for `caFile`. */
  readonly caFile: string;
  /** Its documents, which tests may replace. */
  documents: Documents;
  readonly close: () => Promise<void>;
}

/** Starts it, with servers of these names. */
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
  // A request for plain http:// comes with its whole address, and one for https:// as a tunnel.
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
