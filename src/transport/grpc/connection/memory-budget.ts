/** Memory for requests that are still arriving, for one connection and for all together. */

/** How much there may be, in bytes. */
export interface MemoryBudget {
  /**
   * Counts a connection.
   *
   * @param giveWay ends its largest request that is not whole and gives its memory back; false where it has none
   */
  readonly open: (giveWay: () => boolean) => MemoryShare;
}

/** What one connection has of it. */
export interface MemoryShare {
  /**
   * Takes some, or gives some back where it is negative. Beyond what one connection may have, a request of this one
   * gives way. Beyond what all may have, one of the connection that holds most does, whoever takes.
   */
  readonly add: (bytes: number) => void;
  /** Gives back all; what is added later does not count. */
  readonly close: () => void;
}

/** The bounds, in bytes. */
export interface MemoryBounds {
  readonly ofConnection: number;
  readonly ofAll: number;
}

const bounds: MemoryBounds = {
  // 256 requests of 256 KiB each. A proxy that sends more at once, such as one with a thousand downstreams that all
  // fill the headers which they may send, does not have all of them half sent at the same moment.
  ofConnection: 64 * 1024 * 1024,
  // What the smallest memory limit that is recommended leaves room for.
  ofAll: 96 * 1024 * 1024,
};

interface Holder {
  held: number;
  readonly giveWay: () => boolean;
}

/** Makes the budget of a listener. */
export function createMemoryBudget({ ofConnection, ofAll }: MemoryBounds = bounds): MemoryBudget {
  const holders = new Set<Holder>();
  let all = 0;

  const change = (holder: Holder, bytes: number) => {
    holder.held += bytes;
    all += bytes;
    if (holder.held > 0) holders.add(holder);
    else holders.delete(holder);
  };
  /** @returns whether the connection holds less than before */
  const hasGivenWay = (holder: Holder) => {
    const before = holder.held;
    return holder.giveWay() && holder.held < before;
  };
  const makeRoom = () => {
    // Requests that wait for their decision cannot give way. A connection with no more than an equal part of all does
    // not pay for those of others: so it is at most twice the bound that is held, and only while they wait.
    const equalPart = ofAll / holders.size;
    const stuck = new Set<Holder>();
    while (all > ofAll) {
      let most: Holder | undefined;
      for (const holder of holders)
        if (holder.held > (most?.held ?? equalPart) && !stuck.has(holder)) most = holder;
      if (most === undefined) return;
      if (!hasGivenWay(most)) stuck.add(most);
    }
  };

  return {
    open: (giveWay) => {
      const own: Holder = { held: 0, giveWay };
      let isOpen = true;
      return {
        add: (bytes) => {
          if (!isOpen) return;
          change(own, bytes);
          if (bytes <= 0) return;
          while (own.held > ofConnection && hasGivenWay(own));
          if (all > ofAll) makeRoom();
        },
        close: () => {
          isOpen = false;
          change(own, -own.held);
        },
      };
    },
  };
}
