/** Connections handed out in turn: each to a taker that has taken its last one. */

/** What hands connections out. */
export interface Turns<Taker, Connection> {
  /** A connection has come. */
  readonly arrived: (connection: Connection) => void;
  /** A taker is there, or has taken what it was handed. */
  readonly isFree: (taker: Taker) => void;
  /** What a taker was handed did not reach it; others get it. */
  readonly isLost: (taker: Taker, connection: Connection) => void;
  /** A taker has gone; what it was handed and did not take, others get. */
  readonly isGone: (taker: Taker) => void;
  /** What a taker was handed and has not taken yet. */
  readonly handedTo: (taker: Taker) => Connection | undefined;
  /** Resolves when every connection that has come was taken. */
  readonly allTaken: () => Promise<void>;
  /** Drops what waits, and all that is yet to come. */
  readonly end: () => void;
}

/** What becomes of connections. */
export interface TurnsDependencies<Taker, Connection> {
  /** The most connections that wait for a taker; one that is too many is dropped. */
  readonly maxWaiting: number;
  readonly hand: (taker: Taker, connection: Connection) => void;
  /** A connection is a taker's now, or nobody's: ours is to be closed. */
  readonly letGo: (connection: Connection) => void;
}

/** How often a connection is handed out that does not reach whom it is handed to. */
const maxTries = 3;

/** Makes what hands connections out. */
export function createTurns<Taker, Connection>(
  dependencies: TurnsDependencies<Taker, Connection>,
): Turns<Taker, Connection> {
  const { maxWaiting, hand, letGo } = dependencies;
  const free = new Set<Taker>();
  const handed = new Map<Taker, { readonly connection: Connection; readonly tries: number }>();
  let waiting: { readonly connection: Connection; readonly tries: number }[] = [];
  let onAllTaken: (() => void)[] = [];
  let hasEnded = false;

  const handOut = () => {
    for (const taker of free) {
      const next = waiting.shift();
      if (next === undefined) break;
      free.delete(taker);
      handed.set(taker, { ...next, tries: next.tries + 1 });
      hand(taker, next.connection);
    }
    if (waiting.length > 0 || handed.size > 0) return;
    for (const tell of onAllTaken) tell();
    onAllTaken = [];
  };
  const again = (taker: Taker) => {
    const entry = handed.get(taker);
    handed.delete(taker);
    if (entry === undefined) return;
    if (hasEnded || entry.tries >= maxTries) letGo(entry.connection);
    else waiting.unshift(entry);
  };

  return {
    arrived: (connection) => {
      if (hasEnded || waiting.length >= maxWaiting) return letGo(connection);
      waiting.push({ connection, tries: 0 });
      handOut();
    },
    isFree: (taker) => {
      const entry = handed.get(taker);
      handed.delete(taker);
      if (entry !== undefined) letGo(entry.connection);
      free.add(taker);
      handOut();
    },
    isLost: (taker, connection) => {
      if (handed.get(taker)?.connection !== connection) return;
      again(taker);
      free.add(taker);
      handOut();
    },
    isGone: (taker) => {
      free.delete(taker);
      again(taker);
      handOut();
    },
    handedTo: (taker) => handed.get(taker)?.connection,
    allTaken: () =>
      new Promise((resolve) => {
        onAllTaken.push(resolve);
        handOut();
      }),
    end: () => {
      hasEnded = true;
      for (const { connection } of waiting) letGo(connection);
      waiting = [];
    },
  };
}
