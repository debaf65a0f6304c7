/** Gathers frames, and writes them to the socket at once. */
import type { Socket } from 'node:net';
import type { ErrorCode } from './error-code.ts';
import { frameFlag, frameHeadBytes, frameType, smallestMaxFrameSize } from './frame.ts';

/** The output of a connection. */
export interface Output {
  /** Writes a header block as HEADERS, and CONTINUATION if it does not fit one frame. */
  readonly headers: (streamId: number, block: Buffer, isEnd: boolean) => void;
  /** Writes a DATA frame with the bytes from `start` to `end`. */
  readonly data: (streamId: number, bytes: Buffer, start: number, end: number, isEnd: boolean) => void;
  readonly windowUpdate: (streamId: number, increment: number) => void;
  readonly rstStream: (streamId: number, code: ErrorCode) => void;
  /** Writes any other frame. */
  readonly frame: (type: number, flags: number, streamId: number, payload: Buffer) => void;
  /** Gathers until the next flush. Outside of a hold, frames leave in a microtask. */
  readonly hold: () => void;
  /** Ends the hold, and writes what was gathered. */
  readonly flush: () => void;
  /** Whether the peer does not take the output. */
  readonly isBackedUp: () => boolean;
}

/** The sizes of the buffer that gathers frames, in bytes. Above the largest, frames are written before the flush. */
const smallestBuffer = 2 * 1024;
const largestBuffer = 64 * 1024;

/**
 * The bytes that may wait here and in the socket, so that a peer that does not read costs little memory. More than the largest
 * buffer and the high-water mark of a socket (64 KiB): if the backlog is too large, a `drain` of the socket follows.
 */
const backlogLimit = 128 * 1024;

/** Creates the output to a socket. */
export function createOutput(socket: Socket): Output {
  let buffer = Buffer.alloc(0);
  let used = 0;
  let isHeld = false;
  let willFlush = false;

  const write = () => {
    if (used === 0) return;
    if (socket.writable) socket.write(buffer.subarray(0, used));
    used = 0;
    // While the socket still has the bytes, the buffer is its own.
    if (socket.writableLength > 0) buffer = Buffer.alloc(0);
  };
  const flush = () => {
    isHeld = false;
    willFlush = false;
    write();
  };
  const flushSoon = () => {
    willFlush = true;
    queueMicrotask(flush);
  };
  /** Makes room for bytes. */
  const reserve = (bytes: number) => {
    if (!isHeld && !willFlush) flushSoon();
    if (used + bytes <= buffer.length) return;
    if (used + bytes > largestBuffer) write();
    if (used + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(sizeFor(used + bytes));
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
  };
  const head = (length: number, type: number, flags: number, streamId: number) => {
    used = buffer.writeUInt32BE(length * 256 + type, used);
    used = buffer.writeUInt8(flags, used);
    used = buffer.writeUInt32BE(streamId, used);
  };
  const frame = (
    type: number,
    flags: number,
    streamId: number,
    payload: Buffer,
    start: number,
    end: number,
  ) => {
    reserve(frameHeadBytes + end - start);
    head(end - start, type, flags, streamId);
    used += payload.copy(buffer, used, start, end);
  };
  const number = (type: number, streamId: number, value: number) => {
    reserve(frameHeadBytes + 4);
    head(4, type, 0, streamId);
    used = buffer.writeUInt32BE(value, used);
  };

  return {
    headers: (streamId, block, isEnd) => {
      let type: number = frameType.headers;
      let flags = isEnd ? frameFlag.endStream : 0;
      let start = 0;
      for (; block.length - start > smallestMaxFrameSize; start += smallestMaxFrameSize) {
        frame(type, flags, streamId, block, start, start + smallestMaxFrameSize);
        type = frameType.continuation;
        flags = 0;
      }
      frame(type, flags | frameFlag.endHeaders, streamId, block, start, block.length);
    },
    data: (streamId, bytes, start, end, isEnd) =>
      frame(frameType.data, isEnd ? frameFlag.endStream : 0, streamId, bytes, start, end),
    windowUpdate: (streamId, increment) => number(frameType.windowUpdate, streamId, increment),
    rstStream: (streamId, code) => number(frameType.rstStream, streamId, code),
    frame: (type, flags, streamId, payload) => frame(type, flags, streamId, payload, 0, payload.length),
    hold: () => {
      isHeld = true;
    },
    flush,
    isBackedUp: () => socket.writableLength + used > backlogLimit,
  };
}

function sizeFor(bytes: number): number {
  let size = smallestBuffer;
  while (size < bytes) size *= 2;
  return size;
}
