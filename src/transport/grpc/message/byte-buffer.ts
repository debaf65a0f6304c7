/** Bytes that come in pieces and are needed together. */

/** Grows as bytes are added. */
export interface KeptBytes {
  readonly add: (from: Buffer, start: number, end: number) => void;
  /** Adds a number as protocol buffers write it, in groups of seven bits. */
  readonly addVarint: (value: number) => void;
  /** All that was added; good until more is. */
  readonly bytes: () => Buffer;
  readonly size: () => number;
  /** Memory that is held, in bytes. */
  readonly capacity: () => number;
}

const smallest = 1_024;

/**
 * Makes an empty one, which holds no memory.
 *
 * @param expected how much it will be at most, as far as that is known; more fits, too
 */
export function createKeptBytes(expected: number): KeptBytes {
  let store: Buffer | undefined;
  let used = 0;
  // What is added is copied: a piece may be one byte that would keep the whole buffer of its socket alive.
  const room = (more: number): Buffer => {
    if (store !== undefined && used + more <= store.length) return store;
    const larger = Buffer.allocUnsafeSlow(Math.max(used + more, Math.min(expected, smallest + used * 2)));
    store?.copy(larger, 0, 0, used);
    store = larger;
    return larger;
  };
  return {
    add: (from, start, end) => {
      from.copy(room(end - start), used, start, end);
      used += end - start;
    },
    addVarint: (value) => {
      const into = room(10);
      let rest = value;
      for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) into[used++] = (rest % 0x80) + 0x80;
      into[used++] = rest;
    },
    size: () => used,
    bytes: () => store?.subarray(0, used) ?? Buffer.alloc(0),
    capacity: () => store?.length ?? 0,
  };
}
