/** The gRPC check listener: Envoy's Authorization service and the gRPC health service on HTTP/2. */
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
import { createStreamBudget, type ResponseStream } from './call/response-stream.ts';
import { checkMethod, type GrpcAuthorizer } from './check/check-method.ts';
import { type ConnectionGuard, createConnectionGuard, sweepInterval } from './connection/connection-guard.ts';
import { createConnectionLimit } from './connection/connection-limit.ts';
import { sendGoAway, transportOf } from './connection/http2-socket.ts';
import { createMemoryBudget } from './connection/memory-budget.ts';
import { createHealthMethods, type HealthSource } from './health.ts';
import type { MessageLimits } from './message/framing.ts';
import { grpcStatus } from './status.ts';

/** The dependencies of the gRPC listener. */
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
 * The most concurrent calls of one connection. The library rejects calls beyond it, which clients must not be able to cause.
 * So it is higher than the 1,024 calls that Envoy 1.40 assumes before it has read this setting. It also has room for hundreds
 * of canceled calls, which the library counts until the end of the round of input.
 */
const maxConcurrentCalls = 4_096;

/**
 * The flow-control windows, in bytes: HTTP/2's default for a call, and room for many calls for the connection. With equal
 * windows, one large check would block all others. With a larger window per call, small checks would wait behind the
 * data of large ones.
 */
const streamWindow = 64 * 1024 - 1;
const connectionWindow = 1024 * 1024;

const sessionOptions: http2.ServerSessionOptions = {
  // The library's memory for one connection, in megabytes. Beyond it, it rejects calls.
  maxSessionMemory: 128,
  // The library counts rejected streams for the whole life of a connection, so a low limit would end long-lived ones.
  maxSessionRejectedStreams: 2 ** 31 - 1,
  settings: {
    maxConcurrentStreams: maxConcurrentCalls,
    maxHeaderListSize: 64 * 1024,
    initialWindowSize: streamWindow,
    enablePush: false,
  },
  maxHeaderListPairs: 256,
  // Envoy resets a stream whenever a client disconnects.
  streamResetBurst: 30_000,
  streamResetRate: 10_000,
};

/** The time from a new connection to its GOAWAY while draining, in milliseconds. */
const ageBeforeGoAway = 1_000;

/** The time from GOAWAY to the end of the connection, in milliseconds. */
const goAwayTime = 500;

/** The connections above `grpc.maxConnections` that may be in the TLS handshake, or ending. */
const extraConnections = 1_000;

/** The timeout of the first bytes of a connection, in milliseconds. */
const prefaceTimeout = 10_000;

/** The timeout of a TLS handshake, in milliseconds. */
const handshakeTimeout = 10_000;

interface Connection {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly guard: ConnectionGuard;
  readonly openedAt: number;
  hasGoAway: boolean;
}

/** Creates the gRPC check listener. */
export function createGrpcServer(dependencies: GrpcServerDependencies): Listener {
  const { options, limits, authorizer, health, clock, onTlsReload, onRejected, listen } = dependencies;
  const methods = new Map<string, Method>([
    ['/envoy.service.auth.v3.Authorization/Check', checkMethod(authorizer)],
    ...createHealthMethods(health),
  ]);
  const connections = new Set<Connection>();
  const openStreams = new Set<ResponseStream>();
  const memory = createMemoryBudget();
  const connectionOf = new WeakMap<Socket, Connection>();
  /** Connections without any bytes so far. */
  const silent = new Set<Socket>();
  /** Silent connections that must end. A call may be on its way. */
  const ending = new WeakSet<Socket>();
  const connectionLimit = createConnectionLimit<Socket>(options.maxConnections, (socket) => {
    const connection = connectionOf.get(socket);
    if (connection === undefined && !silent.has(socket)) return void socket.destroy();
    if (connection === undefined) ending.add(socket);
    else goAwayOnce(connection);
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
    socket.once('close', () => connectionLimit.closed(socket));
    connectionLimit.opened(socket);
    if (socket.destroyed) return;
    silent.add(socket);
    const cancel = clock.after(prefaceTimeout, () => socket.destroy());
    const endSilence = () => {
      cancel();
      silent.delete(socket);
    };
    socket.once('close', endSilence);
    onFirstBytes(socket, (bytes) => {
      endSilence();
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
      onBusy: () => connectionLimit.busy(socket),
      onIdle: () => connectionLimit.idle(socket),
    });
    const connection: Connection = {
      session,
      socket,
      guard,
      openedAt: clock.monotonic(),
      hasGoAway: false,
    };
    const context = { methods, limits, guard, clock, streams: createStreamBudget(openStreams) };
    session.setLocalWindowSize(connectionWindow);
    connections.add(connection);
    connectionOf.set(socket, connection);
    if (ending.has(socket)) setImmediate(() => goAwayOnce(connection));
    session.on('error', () => {
      // A later error is a fault of the peer, not another protocol.
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
  // The connection limit does not count connections in the TLS handshake, or ending ones.
  limitOpenConnections(server, () => options.maxConnections + extraConnections);
  const sockets = openSockets(server);

  const sweep = () => {
    const now = clock.monotonic();
    for (const connection of connections) {
      connection.guard.sweep();
      if (isDraining && now - connection.openedAt > ageBeforeGoAway) goAwayOnce(connection);
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
      for (const connection of connections) goAwayOnce(connection);
    },
    close: async (grace) => {
      stopTls();
      await quietMoment(server, clock);
      const closed = closeServer(server, sockets, grace, clock);
      for (const connection of connections) goAwayOnce(connection);
      clock.after(goAwayTime, () => {
        for (const socket of silent) socket.destroy();
        for (const responses of openStreams) responses.end(grpcStatus.unavailable);
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

function goAwayOnce(connection: Connection): void {
  if (connection.hasGoAway || connection.session.destroyed) return;
  connection.hasGoAway = true;
  sendGoAway(connection.socket);
}
