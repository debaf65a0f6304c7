/** The HTTP check listener. Every request on it is a check, with any method, path or body. */
import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Socket } from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Check, Decision } from '../../model/decision.ts';
import { http } from '../../runtime/node-http.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { toCheckRequest } from '../shared/check-request.ts';
import { closeServer, openSockets, quietMoment } from '../shared/close-server.ts';
import type { Listen, Listener } from '../shared/listener.ts';
import { otherThanHttp1 } from '../shared/protocol-detection.ts';
import type { OnRejected } from '../shared/rejections.ts';
import { keepTlsFresh } from '../shared/tls.ts';
import { createWebServer } from '../shared/web-server.ts';
import type { HttpReply, ToReply } from './check/http-reply.ts';
import { createCloseWithResponse } from './connection/close-with-response.ts';
import { limitConnections } from './connection/connection-limit.ts';
import { rejectRequest } from './connection/reject-request.ts';
import { closeUnreadConnections } from './connection/unread-responses.ts';
import { type BodyKind, bodyOf, createBodyDrain } from './message/request-bodies.ts';
import { keepAliveTimeout, writeAhead, writeReply } from './message/write-reply.ts';

/** Decides checks. Each check uses one authorizer, so a reload never mixes two configurations. */
export interface HttpAuthorizer {
  readonly check: Check;
  readonly toReply: ToReply;
}

/** The dependencies of the HTTP listener. */
export interface HttpServerDependencies {
  readonly options: Config['http'];
  readonly authorizer: () => HttpAuthorizer;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly onRejected: OnRejected;
  readonly listen: Listen;
  /** Called if a reply cannot be written; the request is denied then. */
  readonly onDefect: (error: unknown) => void;
}

/** A check and its response. */
interface PendingCheck {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly request: CheckRequest;
  readonly body: BodyKind;
}

const internalError: Decision = { outcome: 'error', reason: 'internal_error' };

const limits: ServerOptions = {
  keepAliveTimeout,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  // The documented 96 KiB for headers, and a request line.
  maxHeaderSize: 112 * 1024,
  requireHostHeader: false,
};

/** Creates the HTTP check listener. */
export function createHttpServer({
  options,
  authorizer,
  clock,
  onTlsReload,
  onRejected,
  onDefect,
  listen,
}: HttpServerDependencies): Listener {
  const server = createWebServer(options.tls, limits, (message, response) => answer(message, response));
  const isSecure = options.tls !== undefined;
  const connections = limitConnections(server, isSecure, options.maxConnections, clock);
  const sockets = openSockets(server);
  const bodies = createBodyDrain(clock);
  const closeWithResponse = createCloseWithResponse(clock);
  let isDraining = false;
  let stopTls = () => {};

  const write = (check: PendingCheck, reply: HttpReply) => {
    const { message, response, body } = check;
    const isLast = isDraining || body === 'long';
    if (body === 'none' || (body === 'short' && !isLast && response.shouldKeepAlive)) {
      writeReply(message, response, reply, isLast);
      return;
    }
    writeAhead(response, reply);
    bodies.drain(message, response);
  };
  const reply = (pending: PendingCheck, decision: Decision, toReply: ToReply) => {
    const { message, response, request } = pending;
    connections.used(message.socket);
    try {
      write(pending, toReply(decision, request));
    } catch (error) {
      onDefect(error);
      const { id } = decision;
      if (!response.headersSent)
        write(pending, toReply({ ...internalError, ...(id !== undefined && { id }) }, request));
    }
  };
  const answer = (message: IncomingMessage, response: ServerResponse, kind?: BodyKind) => {
    const { check, toReply } = authorizer();
    const request = toCheckRequest(message, options.pathPrefix);
    const body = kind ?? bodyOf(message);
    if (body !== 'none') expectBody(message, body);
    const pending = { message, response, request, body };
    const decision = check(request);
    if (!(decision instanceof Promise)) {
      reply(pending, decision, toReply);
      return;
    }
    connections.waits(message.socket, 1);
    void decision.then((settled) => {
      connections.waits(message.socket, -1);
      reply(pending, settled, toReply);
    });
  };
  const expectBody = (message: IncomingMessage, body: BodyKind) => {
    if (body === 'long') bodies.hold(message);
    connections.expectsBody(message.socket, true);
    message.once('end', () => {
      connections.expectsBody(message.socket, false);
      connections.used(message.socket);
    });
  };
  // After a response instead of `100 Continue` the client may or may not send its body, so this is the last request.
  const answerAhead = (message: IncomingMessage, response: ServerResponse) =>
    answer(message, response, 'long');

  server.maxHeadersCount = 0;
  server.on('checkContinue', answerAhead);
  server.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) =>
    answer(message, response),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const cause = otherThanHttp1(error, socket);
    if (cause !== undefined) onRejected(cause);
    if (connections.isAnswered(socket)) socket.destroy();
    else rejectRequest(error, socket, closeWithResponse);
  });
  const stopSweeping = closeUnreadConnections(server, isSecure, clock, connections.sweep);
  server.on('connect', (message: IncomingMessage, socket: Socket) => answerConnect(message, socket, answer));

  return {
    name: 'http',
    start: async () => {
      const address = await listen(server, { name: 'http', host: options.host, port: options.port });
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

/** Responds to CONNECT, which Node passes as a socket, like to any other request, and opens no tunnel. */
function answerConnect(
  message: IncomingMessage,
  socket: Socket,
  answer: (message: IncomingMessage, response: ServerResponse, body: BodyKind) => void,
): void {
  socket.on('error', () => socket.destroy());
  const response = new http.ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on('finish', () => socket.destroySoon());
  answer(message, response, 'none');
}
