/** Starts the servers of a group, and stops all of them together, also after an error. */
import { type BareGoServer, findBareGoServers } from '../tools/bare-servers.ts';
import { type Server, type ServerOptions, startListening, startServer, startService } from './servers.ts';

/** The servers of a group. */
export interface ServerPool {
  /** Starts this service. */
  readonly service: (args: readonly string[], options?: ServerOptions) => Promise<Server>;
  /** Starts a script of this folder. */
  readonly script: (path: string, args?: readonly string[]) => Promise<Server>;
  /** Starts a bare Go server; undefined without Go. */
  readonly go: (kind: BareGoServer) => Promise<Server | undefined>;
  /** Adds something else that must be stopped. */
  readonly add: <Started extends Stoppable>(started: Started) => Started;
  readonly stop: () => Promise<void>;
}

/** Something that runs until it is stopped. */
export interface Stoppable {
  readonly stop: () => Promise<unknown>;
}

/** Creates an empty pool. */
export function createServerPool(): ServerPool {
  const running: Stoppable[] = [];
  const add = <Started extends Stoppable>(started: Started): Started => {
    running.push(started);
    return started;
  };
  return {
    add,
    service: async (args, options = {}) => add(await startService(args, { listener: 'http', ...options })),
    script: async (path, args) => add(await startServer(path, args)),
    go: async (kind) => {
      const found = await findBareGoServers();
      return 'missing' in found ? undefined : add(await startListening([found.path, kind]));
    },
    stop: async () => {
      for (const { stop } of running.splice(0)) await stop();
    },
  };
}
