/** Stores the last texts in one buffer outside of V8's heap, so that garbage collections do not copy or visit them. */

/** The size of the buffer, in bytes. It doubles until it has the largest size. */
export interface RingMemory {
  readonly initial: number;
  readonly largest: number;
}

/** The last texts. */
export interface ByteRing {
  /** Stores a text. Removes the oldest ones if there are too many, or if the buffer is full. */
  readonly add: (text: string) => void;
  /** The stored texts, newest first. */
  readonly newestFirst: () => Generator<string>;
}

/** Creates an empty ring for at most `most` texts. */
export function createByteRing(most: number, { initial, largest }: RingMemory): ByteRing {
  let buffer = Buffer.allocUnsafeSlow(initial);
  const starts = new Uint32Array(most);
  const lengths = new Uint32Array(most);
  let oldest = 0;
  let count = 0;
  /** The offset after the newest text. */
  let end = 0;

  const slotAt = (age: number) => (oldest + age) % most;
  const removeOldest = () => {
    oldest = slotAt(1);
    count--;
  };

  /** The offset of a gap with this many bytes, between the newest text and the oldest one; undefined if there is none. */
  const gap = (bytes: number): number | undefined => {
    if (count === 0) return bytes <= buffer.length ? 0 : undefined;
    const oldestStart = starts[oldest] ?? 0;
    if (end <= oldestStart) return oldestStart - end >= bytes ? end : undefined;
    if (buffer.length - end >= bytes) return end;
    return oldestStart >= bytes ? 0 : undefined;
  };

  const grow = () => {
    const larger = Buffer.allocUnsafeSlow(Math.min(largest, buffer.length * 2));
    let offset = 0;
    for (let age = 0; age < count; age++) {
      const slot = slotAt(age);
      const [start = 0, length = 0] = [starts[slot], lengths[slot]];
      buffer.copy(larger, offset, start, start + length);
      starts[slot] = offset;
      offset += length;
    }
    end = offset;
    buffer = larger;
  };

  return {
    add: (text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes > largest) return;
      if (count === most) removeOldest();
      let start = gap(bytes);
      while (start === undefined) {
        if (buffer.length < largest) grow();
        else removeOldest();
        start = gap(bytes);
      }
      buffer.write(text, start);
      const slot = slotAt(count);
      starts[slot] = start;
      lengths[slot] = bytes;
      end = start + bytes;
      count++;
    },
    newestFirst: function* () {
      for (let age = count - 1; age >= 0; age--) {
        const slot = slotAt(age);
        const [start = 0, length = 0] = [starts[slot], lengths[slot]];
        yield buffer.toString('utf8', start, start + length);
      }
    },
  };
}
