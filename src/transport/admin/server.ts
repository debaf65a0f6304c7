/** The admin listener: what the kubelet and Prometheus ask, away from the paths of downstreams. */
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Socket } from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { IssuerStatus } from '../../issuer/issuer.ts';
import { someUnusedKeys } from '../../issuer/keys/unused-keys.ts';
import { escapeInvisible } from '../../observe/escape-invisible.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { closeServer, type Listener, listen, openSockets } from '../shared/listener.ts';
import { type OnRejected, otherThanHttp1 } from '../shared/rejections.ts';
import { keepTlsFresh } from '../shared/tls.ts';
import { createWebServer } from '../shared/web-server.ts';

/** What /readyz says. */
export interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly issuers: readonly IssuerStatus[];
  /** What was changed and not taken, so that the previous content stays in use. */
  readonly problems: readonly ReloadProblem[];
  readonly shadow: ShadowMode;
}

/** New content that was not taken. */
export interface ReloadProblem {
  readonly what: 'configuration' | 'deny list' | 'certificate' | 'caFile';
  /** The files, as far as they are known. */
  readonly files: readonly string[];
  readonly problem: string;
  /** When it was first refused, in milliseconds since the epoch. */
  readonly since: number;
}

/** What keeps our own refusals from being given. */
export interface ShadowMode {
  /** Whether checks are only tried, everywhere or somewhere (`mode: shadow`). */
  readonly tried: boolean;
  /** The authorizer that decides (`shadow.authorizer`); undefined where we do. */
  readonly authorizer: string | undefined;
}

/** What the listener needs. */
export interface AdminServerDependencies {
  readonly options: Config['admin'];
  readonly readiness: () => Readiness;
  readonly metrics: Pick<Metrics, 'contentType' | 'scrape'>;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly onRejected: OnRejected;
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
  onRejected,
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

function describeReadiness({ ready, draining, issuers, problems, shadow }: Readiness): Answer {
  const isReady = ready && !draining;
  const body = JSON.stringify({
    ready: isReady,
    draining,
    issuers: issuers.map(describeIssuer),
    shadow: { tried: shadow.tried, authorizer: shadow.authorizer ?? null },
    ...(problems.length > 0 && {
      problems: problems.map(({ since, ...rest }) => ({ ...rest, since: isoTime(since) })),
    }),
  });
  return {
    status: isReady ? 200 : 503,
    type: 'application/json; charset=utf-8',
    body: escapeInvisible(body),
  };
}

function describeIssuer({ name, issuer, state, keys, unused, keysAge, problem, problemSince }: IssuerStatus) {
  return {
    name,
    issuer,
    state,
    keys,
    keysAgeSeconds: keysAge === undefined ? null : Math.round(keysAge),
    problem: problem ?? null,
    problemSince: problemSince === undefined ? null : isoTime(problemSince),
    ...(unused.length > 0 && { unusedKeys: someUnusedKeys(unused, mostNamed) }),
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
