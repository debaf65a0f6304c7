/** How many connections there may be: beyond that, the one that has been idle for longest has to go. */

/** Keeps count. */
export interface ConnectionLimit<Connection> {
  /** Counts a connection that has come, and has another one go where there are too many. */
  readonly came: (connection: Connection) => void;
  /** Notes that a call has begun where there was none. */
  readonly busy: (connection: Connection) => void;
  /** Notes that the last call has ended. */
  readonly idle: (connection: Connection) => void;
  readonly left: (connection: Connection) => void;
}

/**
 * Makes the count.
 *
 * @param max connections at once
 * @param end has a connection end: an idle one, or, where all are busy, the one that came last
 */
export function createConnectionLimit<Connection>(
  max: number,
  end: (connection: Connection) => void,
): ConnectionLimit<Connection> {
  const counted = new Set<Connection>();
  // In the order in which they became idle.
  const idle = new Set<Connection>();
  const leave = (connection: Connection) => {
    counted.delete(connection);
    idle.delete(connection);
  };
  return {
    came: (connection) => {
      counted.add(connection);
      if (counted.size > max) {
        const [longest = connection] = idle;
        leave(longest);
        end(longest);
        if (longest === connection) return;
      }
      idle.add(connection);
    },
    busy: (connection) => void idle.delete(connection),
    idle: (connection) => {
      // One that was asked to go may still have had a call; it is on its way.
      if (counted.has(connection)) idle.add(connection);
    },
    left: leave,
  };
}
