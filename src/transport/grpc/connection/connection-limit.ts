/** Limits the connections. Beyond the limit, the longest idle connection ends. */

/** The counted connections. */
export interface ConnectionLimit<Connection> {
  /** Counts a new connection. Ends another one if there are too many. */
  readonly opened: (connection: Connection) => void;
  /** Records that the first call of a connection began. */
  readonly busy: (connection: Connection) => void;
  /** Records that the last call of a connection ended. */
  readonly idle: (connection: Connection) => void;
  readonly closed: (connection: Connection) => void;
}

/**
 * Creates the limit.
 *
 * @param max the maximum number of connections
 * @param end ends a connection: the longest idle one, or the new one if all are busy
 */
export function createConnectionLimit<Connection>(
  max: number,
  end: (connection: Connection) => void,
): ConnectionLimit<Connection> {
  const counted = new Set<Connection>();
  // The order of the set is the order in which they became idle.
  const idle = new Set<Connection>();
  const remove = (connection: Connection) => {
    counted.delete(connection);
    idle.delete(connection);
  };
  return {
    opened: (connection) => {
      counted.add(connection);
      if (counted.size > max) {
        const [longest = connection] = idle;
        remove(longest);
        end(longest);
        if (longest === connection) return;
      }
      idle.add(connection);
    },
    busy: (connection) => void idle.delete(connection),
    idle: (connection) => {
      // A connection that is ending may still have had a call.
      if (counted.has(connection)) idle.add(connection);
    },
    closed: remove,
  };
}
