/** Bytes that have arrived but are not read yet, in one piece. */

/** The bytes. To add and to remove some costs in proportion to the new ones, also if they come one by one. */
export interface UnreadBytes {
  /** The bytes are the first ones of this buffer, until the next change. */
  readonly buffer: () => Buffer;
  /** Their number. */
  readonly length: () => number;
  /** Adds the bytes from `start` to `end`. */
  readonly add: (bytes: Buffer, start: number, end: number) => void;
  /** Removes the first ones. */
  readonly remove: (count: number) => void;
  /** Gives the memory back. */
  readonly clear: () => void;
}

const nothing = Buffer.alloc(0);

/** Creates an empty one. */
export function createUnreadBytes(): UnreadBytes {
  let buffer: Buffer = nothing;
  let length = 0;
  return {
    buffer: () => buffer,
    length: () => length,
    add: (bytes, start, end) => {
      const needed = length + end - start;
      if (needed > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(2 * needed);
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      bytes.copy(buffer, length, start, end);
      length = needed;
    },
    remove: (count) => {
      if (count === 0) return;
      buffer.copy(buffer, 0, count, length);
      length -= count;
    },
    clear: () => {
      buffer = nothing;
      length = 0;
    },
  };
}
