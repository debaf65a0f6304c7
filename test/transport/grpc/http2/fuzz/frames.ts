/** Frames that a client sends, valid or not (RFC 9113 section 4). */

/** The types of frames. */
export const type = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** A type that no document defines. */
const unknownType = 0xfa;

/** The flags of frames. */
export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** A frame before it is written. */
export interface WantedFrame {
  readonly type: number;
  readonly flags: number;
  /** With the reserved bit. */
  readonly stream: number;
  readonly payload: Buffer;
  /** The length in its header, if it is not that of the payload. */
  readonly length?: number;
}

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Creates a frame. */
export function wanted(
  frameType: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): WantedFrame {
  return { type: frameType, flags, stream, payload };
}

/** A 32-bit number. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value % 2 ** 32);
  return bytes;
}

/** The payload of SETTINGS. */
export function settings(...values: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(values.length * 6);
  for (const [index, [id, value]] of values.entries()) {
    bytes.writeUInt16BE(id, index * 6);
    bytes.writeUInt32BE(value, index * 6 + 2);
  }
  return bytes;
}

/** The bytes of a frame. */
export function bytesOf(frame: WantedFrame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE((frame.length ?? frame.payload.length) % 2 ** 24, 0, 3);
  head[3] = frame.type;
  head[4] = frame.flags;
  head.writeUInt32BE(frame.stream % 2 ** 32, 5);
  return Buffer.concat([head, frame.payload]);
}

/** A frame as a receiver reads it. */
export interface ReadFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Splits bytes into frames, and returns the rest after the last complete one. */
export function readFrames(bytes: Buffer): { readonly frames: readonly ReadFrame[]; readonly rest: Buffer } {
  const frames: ReadFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 9) {
    const length = bytes.readUIntBE(at, 3);
    if (bytes.length - at - 9 < length) break;
    frames.push({
      type: bytes[at + 3] ?? 0,
      flags: bytes[at + 4] ?? 0,
      stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
      payload: bytes.subarray(at + 9, at + 9 + length),
    });
    at += 9 + length;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** The same frames, but a reader skips all except HEADERS and CONTINUATION, so that none of the others stops it. */
export function headerFrames(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let at = 0; changed.length - at >= 9; at += 9 + changed.readUIntBE(at, 3))
    if (changed[at + 3] !== type.headers && changed[at + 3] !== type.continuation)
      changed[at + 3] = unknownType;
  return changed;
}
