/** The admin listener: what the kubelet and Prometheus ask, away from the paths of downstreams. */
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Config } from '../config/options.ts';
import type { IssuerStatus } from '../issuer/issuer.ts';
import { someUnusedKeys } from '../issuer/unused-keys.ts';
import { closeServer, type Listener, listen, openSockets } from '../listener/listener.ts';
import { keepTlsFresh } from '../listener/tls.ts';
import { createWebServer } from '../listener/web-server.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Clock } from '../time/clock.ts';

/** What /readyz says. */
export interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly issuers: readonly IssuerStatus[];
  /** Files whose new content was not taken, so that the previous content stays in use; as text. */
  readonly problems: readonly string[];
}

/** What the listener needs. */
export interface AdminServerDependencies {
  readonly options: Config['admin'];
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'contentType' | 'scrape'>;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/** The most unused keys of an issuer that are named. */
const mostNamed = 20;

const notFound: Answer = { status: 404, body: '' };

const limits: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
};

/** Makes the admin listener: `GET /livez`, `/readyz` and `/metrics`; everything else is 404. */
export function createAdminServer({
  options,
  readiness,
  metrics,
  clock,
  onTlsReload,
}: AdminServerDependencies): Listener {
  const { tls } = options;
  const routes: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
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
  const sockets = openSockets(server);
  let stopTls = () => {};

  return {
    name: 'admin',
    start: async () => {
      const address = await listen(server, options);
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

function describeReadiness({ ready, draining, issuers, problems }: Readiness): Answer {
  const isReady = ready && !draining;
  const body = JSON.stringify({
    ready: isReady,
    draining,
    issuers: issuers.map(describeIssuer),
    ...(problems.length > 0 && { problems }),
  });
  return { status: isReady ? 200 : 503, type: 'application/json; charset=utf-8', body };
}

function describeIssuer({ name, issuer, state, keys, unused, keysAge, problem }: IssuerStatus) {
  return {
    name,
    issuer,
    state,
    keys,
    keysAgeSeconds: keysAge === undefined ? null : Math.round(keysAge),
    problem: problem ?? null,
    ...(unused.length > 0 && { unusedKeys: someUnusedKeys(unused, mostNamed) }),
  };
}
