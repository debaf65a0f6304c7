/** The admin listener, for the kubelet and Prometheus. */
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Socket } from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { closeServer, openSockets } from '../shared/close-server.ts';
import { listen } from '../shared/listen.ts';
import type { Listener } from '../shared/listener.ts';
import { otherThanHttp1 } from '../shared/protocol-detection.ts';
import type { OnRejected } from '../shared/rejections.ts';
import { keepTlsFresh } from '../shared/tls.ts';
import { createWebServer } from '../shared/web-server.ts';
import { type AdminResponse, describeReadiness, type Readiness } from './readiness.ts';

/** The dependencies of the admin listener. */
export interface AdminServerDependencies {
  readonly options: Config['admin'];
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'contentType' | 'scrape'>;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly onRejected: OnRejected;
}

const notFound: AdminResponse = { status: 404, body: '' };

const limits: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
};

/** Creates the admin listener: `GET /livez`, `/readyz` and `/metrics`; anything else is 404. */
export function createAdminServer({
  options,
  readiness,
  metrics,
  clock,
  onTlsReload,
  onRejected,
}: AdminServerDependencies): Listener {
  const { tls } = options;
  const routes: Readonly<Record<string, () => AdminResponse | Promise<AdminResponse>>> = {
    '/livez': () => ({ status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' }),
    '/readyz': () => describeReadiness(readiness()),
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.scrape() }),
  };
  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const [path = ''] = (message.url ?? '').split('?', 1);
    const route = message.method === 'GET' && Object.hasOwn(routes, path) ? routes[path] : undefined;
    const { status, type, body } = (await route?.()) ?? notFound;
    response.writeHead(status, {
      'cache-control': 'no-store',
      ...(type !== undefined && { 'content-type': type }),
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  const server = createWebServer(tls, limits, (message, response) => {
    answer(message, response).catch(() => response.destroy());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const cause = otherThanHttp1(error, socket);
    if (cause !== undefined) onRejected(cause);
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    socket.destroySoon();
  });
  const sockets = openSockets(server);
  let stopTls = () => {};

  return {
    name: 'admin',
    start: async () => {
      const address = await listen(server, { name: 'admin', host: options.host, port: options.port });
      if (tls !== undefined) stopTls = keepTlsFresh(server as https.Server, tls, clock, onTlsReload);
      return address;
    },
    drain: () => {},
    close: async () => {
      stopTls();
      await closeServer(server, sockets, 0, clock);
    },
  };
}
