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
import { createInflater } from './message/inflater.ts';

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
  const connections = new Set<CallConnection>();
  const openStreams = new Set<ResponseStream>();
  const memory = createMemoryBudget();
  const inflater = createInflater();
  const connectionLimit = createConnectionLimit<CallConnection>(options.maxConnections, (connection) => {
    connection.goAway();
    clock.after(goAwayTime, connection.close);
  });
  let isDraining = false;
  let stopTls = () => {};
  let stopSweeping = () => {};

  const serve = (socket: Socket) => {
    const connection = createCallConnection({
      socket,
      methods,
      limits,
      clock,
      memory,
      inflater,
      openStreams,
      onBusy: () => connectionLimit.busy(connection),
      onIdle: () => connectionLimit.idle(connection),
      onRejected,
      onClosed: () => {
        connections.delete(connection);
        connectionLimit.closed(connection);
      },
    });
    connections.add(connection);
    connectionLimit.opened(connection);
  };
  const server = createServer(options.tls, serve, onRejected);
  // The connection limit does not count connections in the TLS handshake, or ending ones.
  limitOpenConnections(server, () => options.maxConnections + extraConnections);
  const sockets = openSockets(server);

  const sweepConnections = () => {
    const now = clock.monotonic();
    for (const connection of connections) {
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
    for (const connection of connections) connection.goAway();
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
        for (const connection of connections) connection.close();
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
  // A peer that has sent everything still gets its responses.
  if (files === undefined) return net.createServer({ allowHalfOpen: true }, serve);
  const server = tls.createServer(
    { ...readTls(files), ALPNProtocols: ['h2'], handshakeTimeout },
    (socket) => {
      // Only now, because a peer that ends its half during the handshake would keep its place until the timeout.
      socket.allowHalfOpen = true;
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
