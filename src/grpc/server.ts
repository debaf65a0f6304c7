/** The gRPC check listener: Envoy's Authorization service and the health service, on HTTP/2. */
import http2, { type ServerHttp2Session } from 'node:http2';
import net, { type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Check, CheckRequest } from '../check/types.ts';
import type { Config } from '../config/options.ts';
import { closeServer, type Listen, type Listener, openSockets, quietMoment } from '../listener/listener.ts';
import { keepTlsFresh, readTls } from '../listener/tls.ts';
import type { Clock } from '../time/clock.ts';
import { type AnswerStream, type Method, serveCall, type UnaryAnswer } from './call.ts';
import { readCheckRequest } from './check-request.ts';
import { type ConnectionGuard, createConnectionGuard, maxConcurrentCalls } from './guard.ts';
import { createHealthMethods, type HealthSource } from './health.ts';
import type { ToResponse } from './response.ts';
import { grpcStatus } from './status.ts';
import { askToGo, transportOf } from './transport.ts';

/** What answers checks; taken once per check, so that none sees two configurations. */
export interface GrpcAuthorizer {
  readonly check: Check;
  readonly toResponse: ToResponse;
}

/** What the listener needs. */
export interface GrpcServerDependencies {
  readonly options: Config['grpc'];
  readonly maxMessageBytes: number;
  readonly authorizer: () => GrpcAuthorizer;
  readonly health: HealthSource;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly listen: Listen;
}

const sessionOptions: http2.ServerSessionOptions = {
  // Of the memory that the library holds for one connection, in megabytes.
  maxSessionMemory: 16,
  // The library never forgets a refused stream; a connection that lives for weeks would end by them one day.
  maxSessionRejectedStreams: 2 ** 31 - 1,
  settings: { maxConcurrentStreams: maxConcurrentCalls, maxHeaderListSize: 64 * 1024, enablePush: false },
  maxHeaderListPairs: 256,
  // Envoy resets a stream whenever its downstream goes away; thousands a second, sustained, are an attack.
  streamResetBurst: 3_000,
  streamResetRate: 2_000,
};

/** How often the guards look at their connections, in milliseconds. */
const sweepInterval = 250;

/** How old a connection that comes while draining may grow before it is asked to go too, in milliseconds. */
const stayWhileDraining = 1_000;

/** How long connections have to end by themselves after the last of them was asked to, in milliseconds. */
const goAwayTime = 500;

interface Connection {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly guard: ConnectionGuard;
  readonly openedAt: number;
  wasAskedToGo: boolean;
}

/** Makes the gRPC check listener. */
export function createGrpcServer(dependencies: GrpcServerDependencies): Listener {
  const { options, maxMessageBytes, authorizer, health, clock, onTlsReload, listen } = dependencies;
  const methods = new Map<string, Method>([
    ['/envoy.service.auth.v3.Authorization/Check', checkMethod(authorizer)],
    ...createHealthMethods(health),
  ]);
  const connections = new Set<Connection>();
  const openAnswers = new Set<AnswerStream>();
  let isDraining = false;
  let stopTls = () => {};
  let stopSweeping = () => {};

  const serve = (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    const session = http2.performServerHandshake(transportOf(socket), sessionOptions);
    const guard = createConnectionGuard(session, socket, clock);
    const connection: Connection = {
      session,
      socket,
      guard,
      openedAt: clock.monotonic(),
      wasAskedToGo: false,
    };
    const context = { methods, maxMessageBytes, guard, clock, openAnswers };
    connections.add(connection);
    session.on('error', () => socket.destroy());
    session.on('close', () => connections.delete(connection));
    session.on('stream', (stream, headers) => serveCall(stream, headers, context));
  };
  const server = createServer(options.tls, serve);
  const sockets = openSockets(server);

  const sweep = () => {
    const now = clock.monotonic();
    for (const connection of connections) {
      connection.guard.sweep();
      if (isDraining && now - connection.openedAt > stayWhileDraining) askOnceToGo(connection);
    }
    stopSweeping = clock.after(sweepInterval, sweep);
  };

  return {
    name: 'grpc',
    start: async () => {
      const address = await listen(server, options);
      if (options.tls !== undefined)
        stopTls = keepTlsFresh(server as tls.Server, options.tls, clock, onTlsReload);
      sweep();
      return address;
    },
    drain: () => {
      isDraining = true;
      for (const connection of connections) askOnceToGo(connection);
    },
    close: async (grace) => {
      stopTls();
      await quietMoment(server, clock);
      const closed = closeServer(server, sockets, grace, clock);
      for (const connection of connections) askOnceToGo(connection);
      clock.after(goAwayTime, () => {
        for (const answers of openAnswers) answers.end(grpcStatus.unavailable);
        for (const { session } of connections) session.close();
      });
      await closed;
      stopSweeping();
    },
  };
}

function createServer(files: Config['grpc']['tls'], serve: (socket: Socket) => void): Server {
  if (files === undefined) return net.createServer(serve);
  const server = tls.createServer({ ...readTls(files), ALPNProtocols: ['h2'] }, (socket) => {
    if (socket.alpnProtocol === 'h2') serve(socket);
    else socket.destroy();
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

function checkMethod(authorizer: () => GrpcAuthorizer): Method {
  const answer = (bytes: Buffer): UnaryAnswer | Promise<UnaryAnswer> => {
    const request = readRequest(bytes);
    if (request === undefined)
      return { status: grpcStatus.internal, message: 'the request is no CheckRequest' };
    const { check, toResponse } = authorizer();
    const decision = check(request);
    return decision instanceof Promise ? decision.then(toResponse) : toResponse(decision);
  };
  return { kind: 'unary', answer };
}

function readRequest(bytes: Buffer): CheckRequest | undefined {
  try {
    return readCheckRequest(bytes);
  } catch {
    return undefined;
  }
}

function askOnceToGo(connection: Connection): void {
  if (connection.wasAskedToGo || connection.session.destroyed) return;
  connection.wasAskedToGo = true;
  askToGo(connection.socket);
}
