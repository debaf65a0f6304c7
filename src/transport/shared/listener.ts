/** What the application knows of a listener, whatever it speaks. */

import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock } from '../../runtime/time/clock.ts';
import { bindProblem, type Wanted } from './bind-problem.ts';

/** Where a listener turned out to listen. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** Something that listens. */
export interface Listener {
  readonly name: 'http' | 'grpc' | 'admin';
  /** Binds and listens; rejects where that is not possible. */
  readonly start: () => Promise<BoundAddress>;
  /** Asks every client to go elsewhere, and goes on answering. */
  readonly drain: () => void;
  /**
   * Stops listening, lets what is under way end, and closes.
   *
   * @param grace the longest wait for that, in milliseconds
   */
  readonly close: (grace: number) => Promise<void>;
}

/** Has a server get its connections. */
export type Listen = (server: Server, where: Wanted) => Promise<BoundAddress>;

/** All addresses of the machine: of both kinds where it has IPv6, else of the other. */
const everywhere = ['::', '0.0.0.0'];

/** What says that a machine does not have an address of some kind. */
const kindIsMissing = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/** Binds a server and listens; rejects where that is not possible, with an Error that names the option. */
export async function listen(server: Server, where: Wanted): Promise<BoundAddress> {
  const { host, port } = where;
  // An IPv6 address may be written in brackets, as URLs do.
  const hosts = host === undefined ? everywhere : [host.replace(/^\[(.*)\]$/, '$1')];
  for (const [index, address] of hosts.entries()) {
    try {
      return await bind(server, address, port);
    } catch (error) {
      const isLast = index === hosts.length - 1;
      if (isLast || !kindIsMissing.includes(String((error as NodeJS.ErrnoException).code)))
        throw bindProblem(error, where);
    }
  }
  throw new TypeError('there is always an address to try');
}

function bind(server: Server, host: string, port: number): Promise<BoundAddress> {
  return new Promise((resolve, reject) => {
    const listening = () => {
      server.off('error', failed);
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    };
    const failed = (error: Error) => {
      server.off('listening', listening);
      reject(error);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen({ host, port, backlog: 4096 });
  });
}

/** How long a quiet moment is waited for, in milliseconds. */
const quietTimeout = 50;

/**
 * Waits for the moment in which closing the listening socket loses least: right behind an accepted connection, or
 * when none has come for a while. What the kernel has accepted and Node has not is reset by the close.
 */
export function quietMoment(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(quietTimeout, resolve);
    server.once('connection', () => {
      cancel();
      setImmediate(resolve);
    });
  });
}

/**
 * Keeps count of a server's connections.
 *
 * @param event tells of one: `connection`, in the middle of a TLS handshake too, or `secureConnection`, after it
 */
export function openSockets(
  server: Server,
  event: 'connection' | 'secureConnection' = 'connection',
): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Stops listening and resolves when every connection has ended; those that are left after `grace` milliseconds are cut. */
export async function closeServer(
  server: Server,
  sockets: ReadonlySet<Socket>,
  grace: number,
  clock: Clock,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cancel = clock.after(grace, () => {
    for (const socket of sockets) socket.destroy();
  });
  await closed;
  // A server knows nothing of connections that were handed to it.
  await Promise.all(
    [...sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
  );
  cancel();
}
