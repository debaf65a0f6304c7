/** Memory for requests that have not arrived whole, of one connection and of all together. */

/** How much there may be, in bytes. */
export interface MemoryBudget {
  readonly open: () => MemoryShare;
}

/** What one connection has of it. */
export interface MemoryShare {
  /**
   * Takes some, or gives some back where it is negative.
   *
   * @returns whether that is within what the connection and all of them may have
   */
  readonly add: (bytes: number) => boolean;
  /** Gives back all. */
  readonly close: () => void;
}

/**
 * For one connection: 256 requests of 256 KiB each. A proxy that sends more at once, such as one with a thousand
 * downstreams that all fill the headers which they may send, does not have all of them half sent at the same moment.
 */
const maxOfConnection = 64 * 1024 * 1024;

/** For all: what the smallest memory limit that is recommended leaves room for. */
const maxOfAll = 96 * 1024 * 1024;

/** Makes the budget of a listener. */
export function createMemoryBudget(): MemoryBudget {
  let all = 0;
  return {
    open: () => {
      let own = 0;
      return {
        add: (bytes) => {
          own += bytes;
          all += bytes;
          return bytes <= 0 || (own <= maxOfConnection && all <= maxOfAll);
        },
        close: () => {
          all -= own;
          own = 0;
        },
      };
    },
  };
}
