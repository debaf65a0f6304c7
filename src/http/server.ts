/** The HTTP check listener: every request on it, whatever its method, path or body, is a check. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Check, Decision } from '../check/types.ts';
import type { Config } from '../config/options.ts';
import { closeServer, type Listener, listen, openSockets, quietMoment } from '../listener/listener.ts';
import { keepTlsFresh } from '../listener/tls.ts';
import { createWebServer } from '../listener/web-server.ts';
import type { Clock } from '../time/clock.ts';
import { endUnreadConnections, refuseConnection } from './connections.ts';
import type { HttpReply } from './reply.ts';
import { toCheckRequest } from './request.ts';

/** What answers checks; taken once per check, so that none sees two configurations. */
export interface HttpAuthorizer {
  readonly check: Check;
  readonly toReply: (decision: Decision) => HttpReply;
}

/** What the listener needs. */
export interface HttpServerDependencies {
  readonly options: Config['http'];
  readonly authorizer: () => HttpAuthorizer;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  /** Is told of an answer that could not be written; the request is refused then. */
  readonly onDefect: (error: unknown) => void;
}

const unanswerable: Decision = { outcome: 'error', reason: 'internal_error' };

// Envoy keeps an idle connection for an hour, and reuses it in the very moment in which a shorter server closes it.
const keepAliveTimeout = 65 * 60 * 1000;
const headersTimeout = 10_000;
const requestTimeout = 15_000;
const connectionsCheckingInterval = 2_000;

/** The header section of 96 KiB that is promised, and a request line. */
const maxHeaderSize = 112 * 1024;

/** Makes the HTTP check listener. */
export function createHttpServer({
  options,
  authorizer,
  clock,
  onTlsReload,
  onDefect,
}: HttpServerDependencies): Listener {
  const app = createApp(options);
  const { server } = app;
  const sockets = openSockets(server);
  let isDraining = false;
  let stopTls = () => {};

  const reply = (response: ServerResponse, decision: Decision, toReply: HttpAuthorizer['toReply']) => {
    try {
      write(response, toReply(decision), isDraining);
    } catch (error) {
      onDefect(error);
      if (!response.headersSent) write(response, toReply(unanswerable), isDraining);
    }
  };
  const answer = (message: IncomingMessage, response: ServerResponse, path: string) => {
    const { check, toReply } = authorizer();
    const decision = check(toCheckRequest(message, path));
    if (decision instanceof Promise) void decision.then((settled) => reply(response, settled, toReply));
    else reply(response, decision, toReply);
  };

  app.addHook('onRequest', (request, reply) => {
    reply.hijack();
    answer(request.raw, reply.raw, request.originalUrl);
  });
  app.all('/', () => {});
  const stopSweeping = endUnreadConnections(server, options.tls !== undefined, clock);
  server.on('connect', (message: IncomingMessage, socket: Socket) => answerConnect(message, socket, answer));

  return {
    name: 'http',
    start: async () => {
      await app.ready();
      const address = await listen(server, options);
      if (options.tls !== undefined)
        stopTls = keepTlsFresh(server as https.Server, options.tls, clock, onTlsReload);
      return address;
    },
    drain: () => {
      isDraining = true;
    },
    close: async (grace) => {
      stopTls();
      stopSweeping();
      await quietMoment(server, clock);
      await closeServer(server, sockets, grace, clock);
    },
  };
}

function createApp({ tls }: Config['http']): FastifyInstance {
  const app = createWebServer({
    tls,
    limits: {
      keepAliveTimeout,
      headersTimeout,
      requestTimeout,
      connectionsCheckingInterval,
      maxHeaderSize,
      requireHostHeader: false,
    },
    framework: {
      clientErrorHandler: refuseConnection,
      // The path is the downstream's own: no path may be ours, and none may be refused.
      rewriteUrl: () => '/',
      genReqId: () => '',
    },
  });
  const { server } = app;
  server.maxHeadersCount = 0;
  const asAnyRequest = (message: IncomingMessage, response: ServerResponse) =>
    server.emit('request', message, response);
  server.on('checkContinue', asAnyRequest);
  server.on('checkExpectation', asAnyRequest);
  return app;
}

function write(response: ServerResponse, { status, headers, body }: HttpReply, isLast: boolean): void {
  response.sendDate = false;
  if (isLast) response.shouldKeepAlive = false;
  response.writeHead(status, headers as string[]);
  response.end(body);
}

/** Node hands CONNECT over as a bare socket; it gets an ordinary answer and no tunnel. */
function answerConnect(
  message: IncomingMessage,
  socket: Socket,
  answer: (message: IncomingMessage, response: ServerResponse, path: string) => void,
): void {
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on('finish', () => socket.destroySoon());
  answer(message, response, message.url ?? '');
}
