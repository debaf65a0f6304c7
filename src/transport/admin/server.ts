/** The admin listener, for the kubelet, Prometheus and operators. */
import type { ServerOptions, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Config } from '../../config/declare/options.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { closeServer, openSockets } from '../shared/close-server.ts';
import { listen } from '../shared/listen.ts';
import type { Listener } from '../shared/listener.ts';
import { rejectUnreadable } from '../shared/reject-unreadable.ts';
import type { OnRejected } from '../shared/rejections.ts';
import { keepTlsFresh } from '../shared/tls.ts';
import { createWebServer, type RequestHandler } from '../shared/web-server.ts';
import { describeReadiness, type Readiness } from './readiness.ts';
import { createGuard, createRespond, type Guard } from './respond.ts';
import { type AdminResponse, type AdminRoute, textResponse } from './route.ts';

/** The dependencies of the admin listener. */
export interface AdminServerDependencies {
  readonly options: Config['admin'];
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'contentType' | 'scrape'>;
  /** The routes in addition to `/livez`, `/readyz` and `/metrics`. */
  readonly routes: readonly AdminRoute[];
  /** Loads the console, which answers the requests to `/console` and below it. Undefined if it is not enabled. */
  readonly loadConsole?: ((guard: Guard) => Promise<RequestHandler>) | undefined;
  /** The token that gives access to the guarded routes; undefined without `admin.tokenFile`. */
  readonly token: () => string | undefined;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly onRejected: OnRejected;
  /** Called if a route throws; the client receives status 500. */
  readonly onDefect: (error: unknown) => void;
}

const limits: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
};

/** Creates the admin listener. */
export function createAdminServer(dependencies: AdminServerDependencies): Listener {
  const { options, readiness, metrics, token, clock, onTlsReload, onRejected, onDefect } = dependencies;
  const { tls } = options;
  const open = (path: string, handle: AdminRoute['handle']): AdminRoute => ({
    method: 'GET',
    path,
    guarded: false,
    handle,
  });
  const guard = createGuard(tls?.clientCaFile !== undefined, token);
  let console: RequestHandler | undefined;
  const respond = createRespond({
    routes: [
      open('/livez', () => textResponse(200, 'ok')),
      open('/readyz', () => describeReadiness(readiness())),
      open('/metrics', async () => ({
        status: 200,
        type: metrics.contentType,
        body: await metrics.scrape(),
      })),
      ...dependencies.routes,
    ],
    guard,
    onDefect,
  });
  const server = createWebServer(tls, limits, (message, response) => {
    if (console !== undefined && isConsolePath(message.url)) return console(message, response);
    respond(message).then(
      (answer) => write(response, answer),
      // The connection closed before the whole request had arrived.
      () => response.destroy(),
    );
  });
  rejectUnreadable(server, onRejected);
  const sockets = openSockets(server);
  let stopTls = () => {};

  return {
    name: 'admin',
    start: async () => {
      console = await dependencies.loadConsole?.(guard);
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

function isConsolePath(url = ''): boolean {
  return /^\/console(?:[/?]|$)/.test(url);
}

function write(response: ServerResponse, { status, type, headers, body }: AdminResponse): void {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(type !== undefined && { 'content-type': type }),
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
