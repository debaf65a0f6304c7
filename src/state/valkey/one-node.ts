/** One server, or the master that sentinels name. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { Connect } from './client.ts';
import { keepAsking } from './heartbeat.ts';
import { createLink } from './link.ts';
import type { Nodes, NodesEvents } from './nodes.ts';
import type { Prove } from './prove.ts';

/** The dependencies. */
export interface OneNodeDependencies extends NodesEvents {
  readonly connect: Connect;
  /** Asks a new connection. */
  readonly prove?: Prove;
  /** Maximum time of an operation, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Connects to the server. */
export function createOneNode(dependencies: OneNodeDependencies): Nodes {
  const link = createLink(dependencies);
  keepAsking(link, { ...dependencies, patience: 2 * dependencies.timeout });
  return {
    linkOf: () => link,
    redirect: () => undefined,
    connectFor: () => dependencies.connect,
    status: link.status,
    onReady: link.onReady,
    stop: link.stop,
  };
}
