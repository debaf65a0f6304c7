/** The admin listener: what the kubelet and Prometheus ask, away from the paths of downstreams. */
import type http from 'node:http';
import type https from 'node:https';
import type { FastifyReply } from 'fastify';
import type { Config } from '../config/options.ts';
import type { IssuerStatus } from '../issuer/issuer.ts';
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
}

/** What the listener needs. */
export interface AdminServerDependencies {
  readonly options: Config['admin'];
  readonly readiness: () => Readiness;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
}

const limits: http.ServerOptions = {
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
  const app = createWebServer({
    tls,
    limits,
    framework: {
      exposeHeadRoutes: false,
      bodyLimit: 1,
      // A path that cannot be decoded is no path of ours either.
      frameworkErrors: (_, __, reply: FastifyReply) => void reply.code(404).send(),
    },
  });
  const { server } = app;
  const sockets = openSockets(server);
  let stopTls = () => {};

  app.addHook('onRequest', (request, reply, next) => {
    void reply.header('cache-control', 'no-store');
    // Before a body is looked at: there is nothing that takes one.
    if (request.is404) void reply.code(404).send();
    else next();
  });
  app.get('/livez', (_, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', (_, reply) => {
    const state = readiness();
    return reply.code(state.ready && !state.draining ? 200 : 503).send({
      ready: state.ready && !state.draining,
      draining: state.draining,
      issuers: state.issuers.map(describeIssuer),
    });
  });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.scrape()));

  return {
    name: 'admin',
    start: async () => {
      await app.ready();
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

function describeIssuer({ name, issuer, state, keys, keysAge, problem }: IssuerStatus) {
  return {
    name,
    issuer,
    state,
    keys,
    keysAgeSeconds: keysAge === undefined ? null : Math.round(keysAge),
    problem: problem ?? null,
  };
}
