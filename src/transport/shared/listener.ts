/** What the application knows of a listener, whatever it speaks. */

import type { Server } from 'node:net';
import type { Wanted } from './bind-problem.ts';

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
