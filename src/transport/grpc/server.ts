/** The gRPC check listener: Envoy's Authorization service and the gRPC health service on HTTP/2. */
import net, { type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Config } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { closeServer, openSockets, quietMoment } from '../shared/close-server.ts';
import type { Listen, Listener } from '../shared/listener.ts';
import { limitOpenConnections } from '../shared/open-connections.ts';
import { handshakeFailure } from '../shared/protocol-detection.ts';
import type { OnRejected } from '../shared/rejections.ts';
import { keepTlsFresh, readTls } from '../shared/tls.ts';
import type { Method, ResponseStream } from './call/method.ts';
import { checkMethod, type GrpcAuthorizer } from './check/check-method.ts';
import { type CallConnection, createCallConnection } from './connection/call-connection.ts';
import { createConnectionLimit } from './connection/connection-limit.ts';
import { createMemoryBudget } from './connection/memory-budget.ts';
import { sweepInterval } from './connection/sweep.ts';
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

/** The time from a new connection to its GOAWAY while draining, in milliseconds. */
const ageBeforeGoAway = 1_000;

/** The time from GOAWAY to the end of the connection, in milliseconds. */
const goAwayTime = 500;

/** The connections above `grpc.maxConnections` that may be in the TLS handshake, or ending. */
const extraConnections = 1_000;

/** The timeout of a TLS handshake, in milliseconds. */
const handshakeTimeout = 10_000;

/** Creates the gRPC check listener. */
export function createGrpcServer(dependencies: GrpcServerDependencies): Listener {
  const { options, limits, authorizer, health, clock, onTlsReload, onRejected, listen } = dependencies;
  const methods = new Map<string, Method>([
    ['/envoy.service.auth.v3.Authorization/Check', checkMethod(authorizer)],
    ...createHealthMethods(health),
  ]);
  const connections = new Map<Socket, CallConnection>();
  const openStreams = new Set<ResponseStream>();
  const memory = createMemoryBudget();
  const connectionLimit = createConnectionLimit<Socket>(options.maxConnections, (socket) => {
    const connection = connections.get(socket);
    if (connection === undefined) return void socket.destroy();
    connection.goAway();
    clock.after(goAwayTime, connection.close);
  });
  let isDraining = false;
  let stopTls = () => {};
  let stopSweeping = () => {};

  const serve = (socket: Socket) => {
    socket.once('close', () => connectionLimit.closed(socket));
    connectionLimit.opened(socket);
    if (socket.destroyed) return;
    const connection = createCallConnection({
      socket,
      methods,
      limits,
      clock,
      memory,
      openStreams,
      onBusy: () => connectionLimit.busy(socket),
      onIdle: () => connectionLimit.idle(socket),
      onRejected,
      onClosed: () => void connections.delete(socket),
    });
    connections.set(socket, connection);
  };
  const server = createServer(options.tls, serve, onRejected);
  // The connection limit does not count connections in the TLS handshake, or ending ones.
  limitOpenConnections(server, () => options.maxConnections + extraConnections);
  const sockets = openSockets(server);

  const sweepConnections = () => {
    const now = clock.monotonic();
    for (const connection of connections.values()) {
      connection.sweep();
      if (isDraining && now - connection.openedAt > ageBeforeGoAway) connection.goAway();
    }
  };
  const sweep = () => {
    // After a stall of this process, bytes are in the next input of the event loop: read them before the sweep.
    setImmediate(sweepConnections);
    stopSweeping = clock.after(sweepInterval, sweep);
  };
  const goAway = () => {
    for (const connection of connections.values()) connection.goAway();
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
      goAway();
    },
    close: async (grace) => {
      stopTls();
      await quietMoment(server, clock);
      const closed = closeServer(server, sockets, grace, clock);
      goAway();
      clock.after(goAwayTime, () => {
        for (const responses of openStreams) responses.end(grpcStatus.unavailable);
        for (const connection of connections.values()) connection.close();
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
