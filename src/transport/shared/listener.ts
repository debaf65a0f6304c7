/** A listener of any protocol. */

import type { Server } from 'node:net';
import type { BindAddress } from './bind-problem.ts';

/** The address that a listener is bound to. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** A listener. */
export interface Listener {
  readonly name: 'http' | 'grpc' | 'admin' | 'login';
  /** Binds and listens. Rejects if that fails. */
  readonly start: () => Promise<BoundAddress>;
  /** Asks clients to reconnect elsewhere, and still responds. */
  readonly drain: () => void;
  /**
   * Stops listening, waits for current requests, and closes all connections.
   *
   * @param grace the longest wait, in milliseconds
   */
  readonly close: (grace: number) => Promise<void>;
}

/** Makes a server accept connections. */
export type Listen = (server: Server, address: BindAddress) => Promise<BoundAddress>;
