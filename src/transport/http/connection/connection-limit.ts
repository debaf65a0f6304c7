/**
 * How many connections the HTTP listener holds. A proxy takes a connection that is refused for an authorizer that failed, so one that
 * nobody needs gives way first; and where all are busy, the new one gets an answer that refuses.
 */
import type { Server, Socket } from 'node:net';
import { http } from '../../../runtime/node-http.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import { boundOpenConnections } from '../../shared/open-connections.ts';
import { createHangUp } from './close-with-response.ts';

/** The connections of a listener. */
export interface BoundedConnections {
  /** Notes that all that has arrived on a connection so far was read as whole requests. On the path of every check. */
  readonly used: (socket: Socket) => void;
  /** Notes that a check waits for its decision, or does not any more. */
  readonly waits: (socket: Socket, change: 1 | -1) => void;
  /** Notes whether the body of a request is still to come. */
  readonly expectsBody: (socket: Socket, expects: boolean) => void;
  /** Whether the request that is arriving was answered already: whatever else is written would be the answer to another one. */
  readonly isAnswered: (socket: Socket) => boolean;
  /** Looks for requests that do not arrive; to be called every few seconds. */
  readonly sweep: () => void;
}

interface Connection {
  readonly socket: Socket;
  /** Milliseconds of the monotonic clock. */
  readonly madeAt: number;
  /** When it was last used, or was made: later is greater. */
  usedAt: number;
  /** What had arrived, in bytes, when the last request was read. */
  seen: number;
  /** Checks that wait for their decision. */
  waiting: number;
  expectsBody: boolean;
  /** At how many looks in a row the same request had begun and not arrived. */
  looks: number;
}

/** How long a new connection may take to its first request, in milliseconds: a proxy makes one because it has a request to send. */
const firstRequestTime = 2_000;

/**
 * How long a connection that is one too many waits before another one gives way to it, in milliseconds: a proxy makes it while requests on
 * others, which still look idle, are on their way. And how many of them wait.
 */
const newcomerWait = 100;
const maxNewcomers = 1_000;

/** How long nobody looks again where no connection could be closed, in milliseconds for each: looking at many takes time. */
const pausePerConnection = 0.01;

/** Candidates to close that are looked for at once, as a part of all. */
const shareOfCandidates = 0.01;

const refusal = `HTTP/1.1 403 ${http.STATUS_CODES[403]}\r\nconnection: close\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n`;

/** Bounds the connections of a server that has no other listeners of its connections yet. */
export function boundConnections(
  server: Server,
  isSecure: boolean,
  max: number,
  clock: Clock,
): BoundedConnections {
  const connections = new Map<Socket, Connection>();
  const hangUp = createHangUp(clock);
  let order = 0;
  let lookAgainAt = Number.NEGATIVE_INFINITY;
  let candidates: { readonly connection: Connection; readonly usedAt: number }[] = [];

  const isIdle = ({ socket, seen, waiting, madeAt }: Connection) =>
    waiting === 0 &&
    socket.bytesRead === seen &&
    socket.writableLength === 0 &&
    (seen > 0 || clock.monotonic() - madeAt > firstRequestTime);
  const isGivenUp = ({ waiting, looks }: Connection) => waiting === 0 && looks > 1;

  const findCandidates = (isFit: (connection: Connection) => boolean) => {
    const fit = [...connections.values()].filter(isFit).sort((a, b) => b.usedAt - a.usedAt);
    candidates = fit
      .slice(-Math.max(1, Math.floor(max * shareOfCandidates)))
      .map((connection) => ({ connection, usedAt: connection.usedAt }));
  };
  /** The connection that was idle for longest; where none is, one whose request stopped arriving, which no proxy waits for any more. */
  const takeVictim = (): Connection | undefined => {
    if (clock.monotonic() < lookAgainAt) return undefined;
    for (const isFit of [isIdle, isGivenUp]) {
      for (const look of ['known', 'anew'] as const) {
        if (look === 'anew') findCandidates(isFit);
        for (let found = candidates.pop(); found !== undefined; found = candidates.pop()) {
          const { connection, usedAt } = found;
          const isUnchanged = connection.usedAt === usedAt && connections.has(connection.socket);
          if (isUnchanged && isFit(connection)) return connection;
        }
      }
    }
    lookAgainAt = clock.monotonic() + max * pausePerConnection;
    return undefined;
  };
  const isAdmitted = (socket: Socket): boolean => {
    if (connections.size >= max) {
      const victim = takeVictim();
      if (victim === undefined) return false;
      connections.delete(victim.socket);
      victim.socket.destroy();
    }
    connections.set(socket, {
      socket,
      madeAt: clock.monotonic(),
      usedAt: ++order,
      seen: 0,
      waiting: 0,
      expectsBody: false,
      looks: 0,
    });
    socket.once('close', () => connections.delete(socket));
    return true;
  };

  const event = isSecure ? 'secureConnection' : 'connection';
  const serve = server.listeners(event) as ((socket: Socket) => void)[];
  server.removeAllListeners(event);
  const admit = (socket: Socket) => {
    if (isAdmitted(socket)) for (const listener of serve) listener.call(server, socket);
    else hangUp(socket, refusal);
  };
  let newcomers = 0;
  server.on(event, (socket: Socket) => {
    if (connections.size < max) return admit(socket);
    if (newcomers >= maxNewcomers) return hangUp(socket, refusal);
    newcomers++;
    socket.once('error', ignore);
    clock.after(newcomerWait, () => {
      newcomers--;
      if (!socket.destroyed) admit(socket);
      socket.off('error', ignore);
    });
  });
  // As many more may be in their TLS handshake, beside those that wait behind it.
  if (isSecure) boundOpenConnections(server, () => connections.size + max + maxNewcomers);

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
      // With room to spare nobody asks.
      if (connections.size < max / 2) return;
      for (const connection of connections.values()) {
        const { socket, seen, waiting } = connection;
        connection.looks = waiting === 0 && socket.bytesRead !== seen ? connection.looks + 1 : 0;
      }
    },
  };
}

function ignore(): void {}
