/** The listener of the login: a web server for the paths of the login, with its pages. Everything else on it is 404. */
import type { ServerOptions } from 'node:http';
import type https from 'node:https';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { ChallengeOptions } from '../../check/challenge.ts';
import type { Config } from '../../config/declare/options.ts';
import type { LogoutAnswers } from '../../login/back-channel/logout-answers.ts';
import type { Decision } from '../../model/decision.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { toCheckRequest } from '../shared/check-request.ts';
import { closeServer, openSockets, quietMoment } from '../shared/close-server.ts';
import type { Listen, Listener } from '../shared/listener.ts';
import { limitOpenConnections } from '../shared/open-connections.ts';
import { rejectUnreadable } from '../shared/reject-unreadable.ts';
import type { OnRejected } from '../shared/rejections.ts';
import { keepTlsFresh } from '../shared/tls.ts';
import { createWebServer } from '../shared/web-server.ts';
import type { AnswerLogin } from './answer-login.ts';
import { addLogoutRoutes } from './logout-routes.ts';
import { loginReply } from './reply.ts';

/** The dependencies of the listener. */
export interface LoginServerDependencies {
  readonly options: NonNullable<Config['login']>['listener'];
  /** The login of the current configuration; called for each request. */
  readonly answer: AnswerLogin;
  /** The answers to issuers that end sessions; called for each request. */
  readonly logout?: () => LogoutAnswers | undefined;
  /** The challenge of a 401. */
  readonly challenge: () => ChallengeOptions;
  readonly clock: Clock;
  readonly listen: Listen;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly onRejected: OnRejected;
  /** Maximum number of open connections. Default: 2,000. */
  readonly maxConnections?: number;
  /** Called if a request cannot be answered; the client receives status 500. */
  readonly onDefect: (error: unknown) => void;
}

/** Maximum size of a body, in bytes. The only one here is the form of the sign-out, which is empty. */
const maxBody = 1024;

/** Maximum number of open connections. The clients are gateways, which send the requests of many browsers on one. */
const defaultMaxConnections = 2_000;

const limits: ServerOptions = {
  // Longer than Envoy's, which is an hour, so that Envoy never reuses a connection while this server closes it.
  keepAliveTimeout: 65 * 60 * 1000,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  // As on the check listener: cookies can be long, and a request that the gateway accepts must not fail here.
  maxHeaderSize: 112 * 1024,
};

/**
 * Creates the listener.
 *
 * @throws EvalError if Node may not compile code (`--disallow-code-generation-from-strings`)
 */
export async function createLoginServer(dependencies: LoginServerDependencies): Promise<Listener> {
  const { options, answer, logout = () => undefined, challenge, clock } = dependencies;
  const { listen, onTlsReload, onRejected, onDefect } = dependencies;
  const { maxConnections = defaultMaxConnections } = dependencies;
  let isDraining = false;

  const plainText = (reply: FastifyReply, status: number, text: string) =>
    reply
      .code(status)
      .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      .type('text/plain; charset=utf-8')
      .send(`${text}\n`);
  const notFound = (reply: FastifyReply) => plainText(reply, 404, 'not found');
  const send = (reply: FastifyReply, decision: Decision) => {
    if (decision.outcome === 'allow') throw new TypeError('a path of the login was allowed');
    const { status, lines, body } = loginReply(decision, challenge());
    // fastify adds lines of `set-cookie`, and replaces those of any other header.
    for (const [name, value] of lines) reply.header(name, value);
    return reply.code(status).send(body === '' ? undefined : body);
  };

  const app = fastify({
    bodyLimit: maxBody,
    frameworkErrors: (_, __, reply: FastifyReply) => {
      plainText(reply, 400, 'the address of the page is invalid');
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, async () => undefined);
  app.addHook('onRequest', async (_, reply) => {
    if (isDraining) reply.header('connection', 'close');
  });
  app.setNotFoundHandler((_, reply) => notFound(reply));
  app.setErrorHandler<Error & { statusCode?: number }>((error, _, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 500) onDefect(error);
    return plainText(reply, statusCode, errorTexts[statusCode] ?? 'the request cannot be answered');
  });
  addLogoutRoutes(app, { answers: logout, onDefect });
  app.all('*', async (request: FastifyRequest, reply) => {
    const decision = await answer(toCheckRequest(request.raw, ''));
    return decision === undefined ? notFound(reply) : send(reply, decision);
  });
  await app.ready();

  const server = createWebServer(options.tls, limits, (message, response) => app.routing(message, response));
  server.maxHeadersCount = 0;
  const sockets = openSockets(server);
  limitOpenConnections(server, () => {
    if (sockets.size >= maxConnections) server.closeIdleConnections();
    return maxConnections;
  });
  rejectUnreadable(server, onRejected);
  let stopTls = () => {};

  return {
    name: 'login',
    start: async () => {
      const address = await listen(server, {
        name: 'login.listener',
        host: options.host,
        port: options.port,
      });
      if (options.tls !== undefined)
        stopTls = keepTlsFresh(server as https.Server, options.tls, clock, onTlsReload);
      return address;
    },
    drain: () => {
      isDraining = true;
    },
    close: async (grace) => {
      stopTls();
      await quietMoment(server, clock);
      await closeServer(server, sockets, grace, clock);
    },
  };
}

const errorTexts: Readonly<Record<number, string>> = {
  400: 'the request is invalid',
  413: 'the body is too large',
  415: 'the type of the body is not supported; only forms are',
};
