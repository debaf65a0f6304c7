/** A buffer for bytes that arrive in chunks. */

/** A buffer that grows as bytes are added. */
export interface ByteBuffer {
  readonly add: (from: Buffer, start: number, end: number) => void;
  /** Adds a number as a protobuf varint. */
  readonly addVarint: (value: number) => void;
  /** All added bytes. Valid until more are added. */
  readonly bytes: () => Buffer;
  readonly size: () => number;
  /** The allocated memory, in bytes. */
  readonly capacity: () => number;
}

const smallest = 1_024;

/**
 * Creates an empty buffer, without memory.
 *
 * @param expected the expected size, which limits the growth ahead; more bytes fit too
 */
export function createByteBuffer(expected: number): ByteBuffer {
  let store: Buffer | undefined;
  let used = 0;
  // Bytes are copied, because a chunk of one byte would keep the whole buffer of its socket in memory.
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
