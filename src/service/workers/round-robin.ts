/** Distributes connections to workers in turn. A worker gets the next connection after it has acknowledged the last one. */

/** The distribution of connections. */
export interface RoundRobin<Worker, Connection> {
  readonly add: (connection: Connection) => void;
  /** A worker is new, or has acknowledged its connection. */
  readonly workerFree: (worker: Worker) => void;
  /** A connection did not reach its worker. Another worker gets it. */
  readonly connectionLost: (worker: Worker, connection: Connection) => void;
  /** A worker exited. Another worker gets the connection that it did not acknowledge. */
  readonly workerExited: (worker: Worker) => void;
  /** The connection that a worker has not acknowledged yet. */
  readonly unacknowledgedOf: (worker: Worker) => Connection | undefined;
  /** Resolves when every connection is acknowledged. */
  readonly allAcknowledged: () => Promise<void>;
  /** Drops the waiting connections and all later ones. */
  readonly end: () => void;
}

/** The dependencies of the distribution. */
export interface RoundRobinDependencies<Worker, Connection> {
  /** Maximum number of connections that wait for a worker. Further ones are dropped. */
  readonly maxWaiting: number;
  readonly hand: (worker: Worker, connection: Connection) => void;
  /** Closes this process's copy of a connection, after a worker has it or it is dropped. */
  readonly close: (connection: Connection) => void;
}

/** Maximum number of workers that a connection is handed to. */
const maxTries = 3;

/** Creates the distribution. */
export function createRoundRobin<Worker, Connection>(
  dependencies: RoundRobinDependencies<Worker, Connection>,
): RoundRobin<Worker, Connection> {
  const { maxWaiting, hand, close } = dependencies;
  const free = new Set<Worker>();
  const handed = new Map<Worker, { readonly connection: Connection; readonly tries: number }>();
  let waiting: { readonly connection: Connection; readonly tries: number }[] = [];
  let onAllAcknowledged: (() => void)[] = [];
  let hasEnded = false;

  const handOut = () => {
    for (const worker of free) {
      const next = waiting.shift();
      if (next === undefined) break;
      free.delete(worker);
      handed.set(worker, { ...next, tries: next.tries + 1 });
      hand(worker, next.connection);
    }
    if (waiting.length > 0 || handed.size > 0) return;
    for (const resolve of onAllAcknowledged) resolve();
    onAllAcknowledged = [];
  };
  const retry = (worker: Worker) => {
    const entry = handed.get(worker);
    handed.delete(worker);
    if (entry === undefined) return;
    if (hasEnded || entry.tries >= maxTries) close(entry.connection);
    else waiting.unshift(entry);
  };

  return {
    add: (connection) => {
      if (hasEnded || waiting.length >= maxWaiting) return close(connection);
      waiting.push({ connection, tries: 0 });
      handOut();
    },
    workerFree: (worker) => {
      const entry = handed.get(worker);
      handed.delete(worker);
      if (entry !== undefined) close(entry.connection);
      free.add(worker);
      handOut();
    },
    connectionLost: (worker, connection) => {
      if (handed.get(worker)?.connection !== connection) return;
      retry(worker);
      free.add(worker);
      handOut();
    },
    workerExited: (worker) => {
      free.delete(worker);
      retry(worker);
      handOut();
    },
    unacknowledgedOf: (worker) => handed.get(worker)?.connection,
    allAcknowledged: () =>
      new Promise((resolve) => {
        onAllAcknowledged.push(resolve);
        handOut();
      }),
    end: () => {
      hasEnded = true;
      for (const { connection } of waiting) close(connection);
      waiting = [];
    },
  };
}
