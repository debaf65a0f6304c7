/** The gRPC check listener: Envoy's Authorization service and the health service, on HTTP/2. */
import http2, { type ServerHttp2Session } from 'node:http2';
import net, { type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Config } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { closeServer, openSockets, quietMoment } from '../shared/close-server.ts';
import { onFirstBytes } from '../shared/first-bytes.ts';
import type { Listen, Listener } from '../shared/listener.ts';
import { limitOpenConnections } from '../shared/open-connections.ts';
import { handshakeFailure, protocolOf } from '../shared/protocol-detection.ts';
import type { OnRejected } from '../shared/rejections.ts';
import { keepTlsFresh, readTls } from '../shared/tls.ts';
import { type Method, serveCall } from './call/call.ts';
import { type AnswerStream, createWatchBudget } from './call/response-stream.ts';
import { checkMethod, type GrpcAuthorizer } from './check/check-method.ts';
import { type ConnectionGuard, createConnectionGuard, sweepInterval } from './connection/connection-guard.ts';
import { createConnectionLimit } from './connection/connection-limit.ts';
import { askToGo, transportOf } from './connection/http2-socket.ts';
import { createMemoryBudget } from './connection/memory-budget.ts';
import { createHealthMethods, type HealthSource } from './health.ts';
import type { MessageLimits } from './message/framing.ts';
import { grpcStatus } from './status.ts';

/** What the listener needs. */
export interface GrpcServerDependencies {
  readonly options: Config['grpc'];
  readonly limits: MessageLimits;
  readonly authorizer: () => GrpcAuthorizer;
  readonly health: HealthSource;
  readonly clock: Clock;
  readonly onTlsReload: (error: Error | undefined) => void;
  readonly onRejected: OnRejected;
  readonly listen: Listen;
}

/**
 * Calls at once on one connection: more than a proxy begins before it has read this number (Envoy 1.40 takes 1,024 for
 * granted), and more than one that cancels hundreds has open. The library counts a call that was reset until its
 * round of input is over, and refuses what is beyond: a failed call, which a client must not be able to cause.
 */
const maxConcurrentCalls = 4_096;

/**
 * How much a peer may send ahead, in bytes: on one call what HTTP/2 begins with, and on the connection that of many
 * calls. Were both the same, one large check would hold up all others; were that of a call larger, a small check would
 * stand behind what a hundred large ones have sent ahead.
 */
const streamWindow = 64 * 1024 - 1;
const connectionWindow = 1024 * 1024;

const sessionOptions: http2.ServerSessionOptions = {
  // Of the memory that the library holds for one connection, in megabytes. Beyond it, it refuses calls.
  maxSessionMemory: 128,
  // The library never forgets a refused stream; a connection that lives for weeks would end by them one day.
  maxSessionRejectedStreams: 2 ** 31 - 1,
  settings: {
    maxConcurrentStreams: maxConcurrentCalls,
    maxHeaderListSize: 64 * 1024,
    initialWindowSize: streamWindow,
    enablePush: false,
  },
  maxHeaderListPairs: 256,
  // Envoy resets a stream whenever its downstream goes away: as often as its clients can connect and leave.
  streamResetBurst: 30_000,
  streamResetRate: 10_000,
};

/** How old a connection that comes while draining may grow before it is asked to go too, in milliseconds. */
const stayWhileDraining = 1_000;

/** How long connections have to end by themselves after the last of them was asked to, in milliseconds. */
const goAwayTime = 500;

/** Connections that are accepted beside those that have a place. */
const beyondPlaces = 1_000;

/** The time for a connection to begin, in milliseconds. */
const prefaceTimeout = 10_000;

/** The time for a TLS handshake, in milliseconds. */
const handshakeTimeout = 10_000;

interface Connection {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly guard: ConnectionGuard;
  readonly openedAt: number;
  wasAskedToGo: boolean;
}

/** Makes the gRPC check listener. */
export function createGrpcServer(dependencies: GrpcServerDependencies): Listener {
  const { options, limits, authorizer, health, clock, onTlsReload, onRejected, listen } = dependencies;
  const methods = new Map<string, Method>([
    ['/envoy.service.auth.v3.Authorization/Check', checkMethod(authorizer)],
    ...createHealthMethods(health),
  ]);
  const connections = new Set<Connection>();
  const openAnswers = new Set<AnswerStream>();
  const memory = createMemoryBudget();
  const connectionOf = new WeakMap<Socket, Connection>();
  /** Connections on which nothing has come yet. */
  const silent = new Set<Socket>();
  /** Those of them that are to go, of which a call may be on its way. */
  const leaving = new WeakSet<Socket>();
  const places = createConnectionLimit<Socket>(options.maxConnections, (socket) => {
    const connection = connectionOf.get(socket);
    if (connection === undefined && !silent.has(socket)) return void socket.destroy();
    if (connection === undefined) leaving.add(socket);
    else askOnceToGo(connection);
    clock.after(goAwayTime, () => {
      const { session } = connectionOf.get(socket) ?? {};
      if (session === undefined) socket.destroy();
      else session.close();
    });
  });
  let isDraining = false;
  let stopTls = () => {};
  let stopSweeping = () => {};

  const serve = (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('close', () => places.left(socket));
    places.came(socket);
    if (socket.destroyed) return;
    silent.add(socket);
    const cancel = clock.after(prefaceTimeout, () => socket.destroy());
    const speaks = () => {
      cancel();
      silent.delete(socket);
    };
    socket.once('close', speaks);
    onFirstBytes(socket, (bytes) => {
      speaks();
      begin(socket, bytes);
    });
  };
  const begin = (socket: Socket, firstBytes: Buffer) => {
    const session = http2.performServerHandshake(transportOf(socket), sessionOptions);
    const guard = createConnectionGuard({
      session,
      socket,
      clock,
      memory,
      onBusy: () => places.busy(socket),
      onIdle: () => places.idle(socket),
    });
    const connection: Connection = {
      session,
      socket,
      guard,
      openedAt: clock.monotonic(),
      wasAskedToGo: false,
    };
    const context = { methods, limits, guard, clock, watches: createWatchBudget(openAnswers) };
    session.setLocalWindowSize(connectionWindow);
    connections.add(connection);
    connectionOf.set(socket, connection);
    if (leaving.has(socket)) setImmediate(() => askOnceToGo(connection));
    session.on('error', () => {
      // What is broken later is a broken peer, not one that speaks something else.
      if (!guard.hasBegun()) rejected(protocolOf(firstBytes));
      socket.destroy();
    });
    session.on('close', () => connections.delete(connection));
    session.on('stream', (stream, headers) => serveCall(stream, headers, context));
  };
  const rejected = (protocol: ReturnType<typeof protocolOf>) => {
    if (protocol !== 'http2') onRejected(protocol);
  };
  const server = createServer(options.tls, serve, onRejected);
  // Those that are in the middle of a TLS handshake, or on their way out, have no place of their own.
  limitOpenConnections(server, () => options.maxConnections + beyondPlaces);
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
      const address = await listen(server, { name: 'grpc', host: options.host, port: options.port });
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
        for (const socket of silent) socket.destroy();
        for (const answers of openAnswers) answers.end(grpcStatus.unavailable);
        for (const { session } of connections) session.close();
      });
      await closed;
      stopSweeping();
    },
  };
}

function createServer(
  files: Config['grpc']['tls'],
  serve: (socket: Socket) => void,
  onRejected: OnRejected,
): Server {
  if (files === undefined) return net.createServer(serve);
  const server = tls.createServer(
    { ...readTls(files), ALPNProtocols: ['h2'], handshakeTimeout },
    (socket) => {
      if (socket.alpnProtocol === 'h2') return serve(socket);
      onRejected('alpn');
      socket.destroy();
    },
  );
  server.on('tlsClientError', (error, socket) => {
    const cause = handshakeFailure(error, socket);
    if (cause !== undefined) onRejected(cause);
    socket.destroy();
  });
  return server;
}

function askOnceToGo(connection: Connection): void {
  if (connection.wasAskedToGo || connection.session.destroyed) return;
  connection.wasAskedToGo = true;
  askToGo(connection.socket);
}
