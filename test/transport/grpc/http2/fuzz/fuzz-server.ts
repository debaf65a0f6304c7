/** The servers of the fuzzing run, and how their handlers read a path. */
import { once } from 'node:events';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { DeliveredCall } from './plan.ts';

/** A server. */
export interface FuzzServer {
  readonly name: string;
  readonly port: () => number;
  /** The calls of a connection, when it has ended. Undefined if the server itself has ended. */
  readonly calls: (clientPort: number) => Promise<readonly DeliveredCall[] | undefined>;
  readonly stop: () => Promise<void>;
}

/** The size of the response that a path asks for. */
export function sizeOf(path: string): number {
  return Number(/[?&]size=([0-9]{1,6})(&|$)/.exec(path)?.[1] ?? 0);
}

/** Whether the handler responds without reading the request. */
export function isEarly(path: string): boolean {
  return /[?&]early(&|$)/.test(path);
}

/** Starts a server on a free port. */
export async function listen(server: net.Server): Promise<Pick<FuzzServer, 'port' | 'stop'>> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: () => (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
