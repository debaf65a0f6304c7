/** The HTTP check listener: every request on it, whatever its method, path or body, is a check. */
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Socket } from 'node:net';
import type { Check, CheckRequest, Decision } from '../check/types.ts';
import type { Config } from '../config/options.ts';
import { closeServer, type Listen, type Listener, openSockets, quietMoment } from '../listener/listener.ts';
import { keepTlsFresh } from '../listener/tls.ts';
import { createWebServer } from '../listener/web-server.ts';
import { http } from '../node-http.ts';
import type { Clock } from '../time/clock.ts';
import { endUnreadConnections, refuseConnection } from './connections.ts';
import type { ToReply } from './reply.ts';
import { toCheckRequest } from './request.ts';
import { keepAliveTimeout, writeReply } from './write.ts';

/** What answers checks; taken once per check, so that none sees two configurations. */
export interface HttpAuthorizer {
  readonly check: Check;
  readonly toReply: ToReply;
}

/** What the listener needs. */
export interface HttpServerDependencies {
  readonly options: Config['http'];
  readonly authorizer: () => HttpAuthorizer;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly listen: Listen;
  /** Is told of an answer that could not be written; the request is refused then. */
  readonly onDefect: (error: unknown) => void;
}

const unanswerable: Decision = { outcome: 'error', reason: 'internal_error' };

const limits: ServerOptions = {
  keepAliveTimeout,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  // The header section of 96 KiB that is promised, and a request line.
  maxHeaderSize: 112 * 1024,
  requireHostHeader: false,
};

/** Makes the HTTP check listener. */
export function createHttpServer({
  options,
  authorizer,
  clock,
  onTlsReload,
  onDefect,
  listen,
}: HttpServerDependencies): Listener {
  const server = createWebServer(options.tls, limits, (message, response) => answer(message, response));
  const sockets = openSockets(server);
  let isDraining = false;
  let stopTls = () => {};

  const reply = (
    message: IncomingMessage,
    response: ServerResponse,
    request: CheckRequest,
    decision: Decision,
    toReply: ToReply,
  ) => {
    try {
      writeReply(message, response, toReply(decision, request), isDraining);
    } catch (error) {
      onDefect(error);
      if (!response.headersSent) writeReply(message, response, toReply(unanswerable, request), isDraining);
    }
  };
  const answer = (message: IncomingMessage, response: ServerResponse) => {
    const { check, toReply } = authorizer();
    const request = toCheckRequest(message, options.pathPrefix);
    const decision = check(request);
    if (decision instanceof Promise)
      void decision.then((settled) => reply(message, response, request, settled, toReply));
    else reply(message, response, request, decision, toReply);
  };

  server.maxHeadersCount = 0;
  server.on('checkContinue', answer);
  server.on('checkExpectation', answer);
  server.on('clientError', refuseConnection);
  const stopSweeping = endUnreadConnections(server, options.tls !== undefined, clock);
  server.on('connect', (message: IncomingMessage, socket: Socket) => answerConnect(message, socket, answer));

  return {
    name: 'http',
    start: async () => {
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

/** Node hands CONNECT over as a bare socket; it gets an ordinary answer and no tunnel. */
function answerConnect(
  message: IncomingMessage,
  socket: Socket,
  answer: (message: IncomingMessage, response: ServerResponse) => void,
): void {
  socket.on('error', () => socket.destroy());
  const response = new http.ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on('finish', () => socket.destroySoon());
  answer(message, response);
}
