/** Limits the memory for incomplete requests, per connection and in total. */

/** The memory of all connections. */
export interface MemoryBudget {
  /**
   * Adds a connection.
   *
   * @param release rejects its largest incomplete request and frees its memory; returns false if there is none
   */
  readonly open: (release: () => boolean) => MemoryShare;
}

/** The memory of one connection. */
export interface MemoryShare {
  /**
   * Adds bytes, or frees them if negative. Beyond the limit of a connection, a request of this connection is rejected. Beyond
   * the limit of all connections, a request of the connection with the most memory is rejected.
   */
  readonly add: (bytes: number) => void;
  /** Frees all memory of the connection. Later additions do not count. */
  readonly close: () => void;
}

/** The limits, in bytes. */
export interface MemoryLimits {
  readonly ofConnection: number;
  readonly ofAll: number;
}

const defaultLimits: MemoryLimits = {
  // 256 incomplete requests of 256 KiB each. A proxy can have more requests, but few of them are incomplete at one time.
  ofConnection: 64 * 1024 * 1024,
  // Fits the smallest recommended memory limit.
  ofAll: 96 * 1024 * 1024,
};

interface Holder {
  held: number;
  readonly release: () => boolean;
}

/** Creates the budget of a listener. */
export function createMemoryBudget({ ofConnection, ofAll }: MemoryLimits = defaultLimits): MemoryBudget {
  const holders = new Set<Holder>();
  let all = 0;

  const change = (holder: Holder, bytes: number) => {
    holder.held += bytes;
    all += bytes;
    if (holder.held > 0) holders.add(holder);
    else holders.delete(holder);
  };
  /** @returns whether the connection holds less than before */
  const hasReleased = (holder: Holder) => {
    const before = holder.held;
    return holder.release() && holder.held < before;
  };
  const freeMemory = () => {
    // Complete requests that wait for their decision keep their memory. A connection with at most an equal share is not
    // affected by them. So the total can reach twice the limit while they wait.
    const equalPart = ofAll / holders.size;
    const stuck = new Set<Holder>();
    while (all > ofAll) {
      let most: Holder | undefined;
      for (const holder of holders)
        if (holder.held > (most?.held ?? equalPart) && !stuck.has(holder)) most = holder;
      if (most === undefined) return;
      if (!hasReleased(most)) stuck.add(most);
    }
  };

  return {
    open: (release) => {
      const own: Holder = { held: 0, release };
      let isOpen = true;
      return {
        add: (bytes) => {
          if (!isOpen) return;
          change(own, bytes);
          if (bytes <= 0) return;
          while (own.held > ofConnection && hasReleased(own));
          if (all > ofAll) freeMemory();
        },
        close: () => {
          isOpen = false;
          change(own, -own.held);
        },
      };
    },
  };
}
