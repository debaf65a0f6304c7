/** The format of frames (RFC 9113 sections 4.1 and 6). */

/** The types of frames. Those of extensions are ignored (RFC 9113 section 5.5). */
export const frameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

/** The flags of frames. */
export const frameFlag = {
  /** DATA and HEADERS have it. */
  endStream: 0x1,
  /** SETTINGS and PING have it. */
  ack: 0x1,
  /** HEADERS and CONTINUATION have it. */
  endHeaders: 0x4,
  /** DATA and HEADERS have it. */
  padded: 0x8,
  /** HEADERS has it. */
  priority: 0x20,
} as const;

/** The bytes of a frame before its payload. */
export const frameHeadBytes = 9;

/** The largest payload that this side accepts, and the least that any client must accept, in bytes (SETTINGS_MAX_FRAME_SIZE). */
export const smallestMaxFrameSize = 16_384;

/** The largest flow-control window, and the largest increment of one, in bytes (RFC 9113 section 6.9.1). */
export const largestWindow = 2 ** 31 - 1;

/** The window of a new stream and of a new connection, in bytes, before any SETTINGS or WINDOW_UPDATE (RFC 9113 section 6.9.2). */
export const defaultWindow = 65_535;

/** The highest identifier of a stream (RFC 9113 section 5.1.1). */
export const highestStreamId = 2 ** 31 - 1;

/** Reads 31 bits after a reserved one. */
export function readUint31(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) & 0x7fff_ffff;
}

/** Whether a frame of a known type may be on a stream, or on none (0). */
export function belongsTo(type: number, streamId: number): boolean {
  switch (type) {
    case frameType.settings:
    case frameType.ping:
    case frameType.goAway:
      return streamId === 0;
    case frameType.windowUpdate:
      return true;
    default:
      return streamId !== 0;
  }
}
