/**
 * Limits the connections of the HTTP listener. A proxy treats a closed connection as a failed check. So the longest idle connection is
 * closed first, and if all are busy, the new connection gets a denial.
 */
import type { Server, Socket } from 'node:net';
import { http } from '../../../runtime/node-http.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { limitOpenConnections } from '../../shared/open-connections.ts';
import { createCloseWithResponse } from './close-with-response.ts';

/** The connections of a listener. */
export interface LimitedConnections {
  /** Records that all bytes that arrived so far were complete requests. Called for every check. */
  readonly used: (socket: Socket) => void;
  /** Records that one more check waits for its decision, or one less. */
  readonly waits: (socket: Socket, change: 1 | -1) => void;
  /** Records whether the body of a request is still arriving. */
  readonly expectsBody: (socket: Socket, expects: boolean) => void;
  /** Whether the arriving request already has its response, so nothing else may be written. */
  readonly isAnswered: (socket: Socket) => boolean;
  /** Finds requests that stopped arriving. Call it every few seconds. */
  readonly sweep: () => void;
}

interface Connection {
  readonly socket: Socket;
  /** Milliseconds of the monotonic clock. */
  readonly madeAt: number;
  /** A sequence number of its last use. */
  usedAt: number;
  /** The bytes that had arrived when the last request was read. */
  seen: number;
  /** Checks that wait for their decision. */
  waiting: number;
  expectsBody: boolean;
  /** The sweeps in a row that found the same incomplete request. */
  sweeps: number;
}

/** How long a new connection without a request counts as busy, in milliseconds. A proxy connects because it has a request to send. */
const firstRequestTime = 2_000;

/**
 * How long a new connection waits at the limit, in milliseconds, and the maximum number of connections that wait. Requests can
 * arrive meanwhile on connections that seem idle.
 */
const newcomerWait = 100;
const maxNewcomers = 1_000;

/** The pause after a search without a result, in milliseconds per connection, because a search among many is expensive. */
const pausePerConnection = 0.01;

/** The candidates to close that one search collects, as a share of all connections. */
const shareOfCandidates = 0.01;

const denial = `HTTP/1.1 403 ${http.STATUS_CODES[403]}\r\nconnection: close\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n`;

/** Limits the connections of a server. Call it before anything else listens for its connections. */
export function limitConnections(
  server: Server,
  isSecure: boolean,
  max: number,
  clock: Clock,
): LimitedConnections {
  const connections = new Map<Socket, Connection>();
  const closeWithResponse = createCloseWithResponse(clock);
  let order = 0;
  let searchAgainAt = Number.NEGATIVE_INFINITY;
  let candidates: { readonly connection: Connection; readonly usedAt: number }[] = [];

  const isIdle = ({ socket, seen, waiting, madeAt }: Connection) =>
    waiting === 0 &&
    socket.bytesRead === seen &&
    socket.writableLength === 0 &&
    (seen > 0 || clock.monotonic() - madeAt > firstRequestTime);
  const isStalled = ({ waiting, sweeps }: Connection) => waiting === 0 && sweeps > 1;

  const findCandidates = (isClosable: (connection: Connection) => boolean) => {
    const closable = [...connections.values()].filter(isClosable).sort((a, b) => b.usedAt - a.usedAt);
    candidates = closable
      .slice(-Math.max(1, Math.floor(max * shareOfCandidates)))
      .map((connection) => ({ connection, usedAt: connection.usedAt }));
  };
  /** Finds the connection that was idle for longest. Without an idle one, finds one whose request stopped arriving. */
  const takeClosable = (): Connection | undefined => {
    if (clock.monotonic() < searchAgainAt) return undefined;
    for (const isClosable of [isIdle, isStalled]) {
      for (const search of ['known', 'again'] as const) {
        if (search === 'again') findCandidates(isClosable);
        for (let found = candidates.pop(); found !== undefined; found = candidates.pop()) {
          const { connection, usedAt } = found;
          const isUnchanged = connection.usedAt === usedAt && connections.has(connection.socket);
          if (isUnchanged && isClosable(connection)) return connection;
        }
      }
    }
    searchAgainAt = clock.monotonic() + max * pausePerConnection;
    return undefined;
  };
  const isAdmitted = (socket: Socket): boolean => {
    if (connections.size >= max) {
      const closable = takeClosable();
      if (closable === undefined) return false;
      connections.delete(closable.socket);
      closable.socket.destroy();
    }
    connections.set(socket, {
      socket,
      madeAt: clock.monotonic(),
      usedAt: ++order,
      seen: 0,
      waiting: 0,
      expectsBody: false,
      sweeps: 0,
    });
    socket.once('close', () => connections.delete(socket));
    return true;
  };

  const event = isSecure ? 'secureConnection' : 'connection';
  const serve = server.listeners(event) as ((socket: Socket) => void)[];
  server.removeAllListeners(event);
  const admit = (socket: Socket) => {
    if (isAdmitted(socket)) for (const listener of serve) listener.call(server, socket);
    else closeWithResponse(socket, denial);
  };
  let newcomers = 0;
  server.on(event, (socket: Socket) => {
    if (connections.size < max) return admit(socket);
    if (newcomers >= maxNewcomers) return closeWithResponse(socket, denial);
    newcomers++;
    socket.once('error', ignore);
    clock.after(newcomerWait, () => {
      newcomers--;
      if (!socket.destroyed) admit(socket);
      socket.off('error', ignore);
    });
  });
  // As many more connections may be in the TLS handshake, in addition to those that wait after it.
  if (isSecure) limitOpenConnections(server, () => connections.size + max + maxNewcomers);

  return {
    used: (socket) => {
      const connection = connections.get(socket);
      if (connection === undefined) return;
      connection.usedAt = ++order;
      connection.seen = socket.bytesRead;
    },
    waits: (socket, change) => {
      const connection = connections.get(socket);
      if (connection !== undefined) connection.waiting += change;
    },
    expectsBody: (socket, expects) => {
      const connection = connections.get(socket);
      if (connection !== undefined) connection.expectsBody = expects;
    },
    isAnswered: (socket) => {
      const connection = connections.get(socket);
      return connection?.expectsBody === true && connection.waiting === 0;
    },
    sweep: () => {
      // The result is not needed below half of the limit.
      if (connections.size < max / 2) return;
      for (const connection of connections.values()) {
        const { socket, seen, waiting } = connection;
        connection.sweeps = waiting === 0 && socket.bytesRead !== seen ? connection.sweeps + 1 : 0;
      }
    },
  };
}

function ignore(): void {}
