/** Splits the bytes of a connection into frames (RFC 9113 section 4.1). Bytes may arrive in any pieces. */
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';
import { frameFlag, frameHeadBytes, frameType, readUint31, smallestMaxFrameSize } from './frame.ts';

/**
 * Called with a whole frame. Its payload is `bytes` from `start` to `end`, during the call.
 *
 * @throws ConnectionError if it is malformed, or one of a flood
 */
export type OnFrame = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

/** Receives frames, in order. Its functions may throw a {@link ConnectionError}. */
export interface FrameReceiver {
  /** Called with the head of each frame, before its payload. */
  readonly begins: (type: number, flags: number, streamId: number) => void;
  /** Called with each frame of a known type other than DATA. */
  readonly frame: OnFrame;
  /**
   * Called before the data of a DATA frame.
   *
   * @param padding the other bytes of the payload, which count for flow control too (RFC 9113 section 6.1)
   */
  readonly dataBegins: (flags: number, streamId: number, length: number, padding: number) => void;
  /**
   * Called with each piece of the data of a DATA frame: `bytes` from `start` to `end`.
   *
   * @param isLast whether the frame is complete; the piece is empty if only padding or nothing was left of it
   */
  readonly data: (bytes: Buffer, start: number, end: number, isLast: boolean) => void;
}

/** Reads frames. */
export interface FrameReader {
  /**
   * Reads the next bytes.
   *
   * @throws ConnectionError if they are malformed
   */
  readonly read: (bytes: Buffer, start: number) => void;
  /** Ignores all bytes from now on. */
  readonly stop: () => void;
}

/** Creates a reader. It keeps the head and the payload of an incomplete frame, but no data. */
export function createFrameReader(receiver: FrameReceiver): FrameReader {
  const splitHead = Buffer.alloc(frameHeadBytes);
  let splitHeadBytes = 0;
  /** The frame whose payload is read. */
  let isInPayload = false;
  let type = 0;
  let flags = 0;
  let streamId = 0;
  /** The bytes of the payload that have not been read: of data without its padding. */
  let left = 0;
  let paddingLeft = 0;
  let needsPadLength = false;
  /** The part of a split payload that has arrived. */
  let splitPayload: Buffer | undefined;
  let splitPayloadBytes = 0;
  let isStopped = false;

  const readHead = (bytes: Buffer, at: number): number => {
    if (splitHeadBytes === 0 && bytes.length - at >= frameHeadBytes) {
      begin(bytes, at);
      return at + frameHeadBytes;
    }
    const end = Math.min(bytes.length, at + frameHeadBytes - splitHeadBytes);
    splitHeadBytes += bytes.copy(splitHead, splitHeadBytes, at, end);
    if (splitHeadBytes === frameHeadBytes) {
      splitHeadBytes = 0;
      begin(splitHead, 0);
    }
    return end;
  };
  const begin = (head: Buffer, at: number) => {
    const lengthAndType = head.readUInt32BE(at);
    left = lengthAndType >>> 8;
    type = lengthAndType & 0xff;
    flags = head.readUInt8(at + 4);
    streamId = readUint31(head, at + 5);
    if (left > smallestMaxFrameSize)
      throw new ConnectionError(errorCode.frameSizeError, `frame of ${left} bytes`);
    receiver.begins(type, flags, streamId);
    isInPayload = true;
    if (type !== frameType.data) return;
    needsPadLength = (flags & frameFlag.padded) !== 0;
    if (!needsPadLength) receiver.dataBegins(flags, streamId, left, 0);
    else if (left === 0) throw new ConnectionError(errorCode.frameSizeError, 'DATA without its pad length');
  };
  const readPadLength = (bytes: Buffer, at: number): number => {
    needsPadLength = false;
    paddingLeft = bytes.readUInt8(at);
    left -= 1 + paddingLeft;
    if (left < 0) throw new ConnectionError(errorCode.protocolError, 'padding longer than DATA');
    receiver.dataBegins(flags, streamId, left, 1 + paddingLeft);
    return at + 1;
  };
  const readData = (bytes: Buffer, at: number): number => {
    const end = Math.min(bytes.length, at + left);
    left -= end - at;
    const next = Math.min(bytes.length, end + paddingLeft);
    const wasPadding = end === at && next > end;
    paddingLeft -= next - end;
    isInPayload = left > 0 || paddingLeft > 0;
    if (!isInPayload || !wasPadding) receiver.data(bytes, at, end, !isInPayload);
    return next;
  };
  const skip = (bytes: Buffer, at: number): number => {
    const end = Math.min(bytes.length, at + left);
    left -= end - at;
    isInPayload = left > 0;
    return end;
  };
  const readWhole = (bytes: Buffer, at: number): number => {
    if (splitPayload === undefined && bytes.length - at >= left) {
      isInPayload = false;
      receiver.frame(type, flags, streamId, bytes, at, at + left);
      return at + left;
    }
    splitPayload ??= Buffer.allocUnsafe(left);
    const end = Math.min(bytes.length, at + left - splitPayloadBytes);
    splitPayloadBytes += bytes.copy(splitPayload, splitPayloadBytes, at, end);
    if (splitPayloadBytes === left) {
      const payload = splitPayload;
      splitPayload = undefined;
      splitPayloadBytes = 0;
      isInPayload = false;
      receiver.frame(type, flags, streamId, payload, 0, left);
    }
    return end;
  };
  const readPayload = (bytes: Buffer, at: number): number => {
    if (type === frameType.data) return needsPadLength ? readPadLength(bytes, at) : readData(bytes, at);
    return type > frameType.continuation ? skip(bytes, at) : readWhole(bytes, at);
  };
  /** Whether the frame ends without another byte: its payload is empty, or only its pad length was left. */
  const isAtEnd = () => isInPayload && !needsPadLength && left === 0 && paddingLeft === 0;

  return {
    read: (bytes, start) => {
      let at = start;
      while (!isStopped && (at < bytes.length || isAtEnd()))
        at = isInPayload ? readPayload(bytes, at) : readHead(bytes, at);
    },
    stop: () => {
      isStopped = true;
    },
  };
}
