/** Reads the header blocks in HEADERS and CONTINUATION, field by field as they arrive (RFC 9113 sections 4.3, 6.2 and 6.10). */
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';
import { frameFlag, readUint31, smallestMaxFrameSize } from './frame.ts';
import { CompressionError } from './hpack/field.ts';
import type { HeadReader } from './request-head.ts';
import { createUnreadBytes } from './unread-bytes.ts';

/**
 * The most bytes of a compressed header block. A proxy copies headers of its clients into a call, and Envoy accepts up to 8 MiB
 * of them, by its configuration.
 */
export const headerBlockLimit = 16 * 1024 * 1024;

/** The most frames of a header block, in addition to those that are full. */
const frameLimit = 64;

/** The time for a header block, in milliseconds. The limit for silent peers ends one that sends no bytes. */
const timeLimit = 15_000;

/** The bytes of the priority in HEADERS (RFC 7540 section 6.2). */
const priorityBytes = 5;

/**
 * Called when a header block was read.
 *
 * @param isEnd whether the client has sent everything
 * @param dependsOnItself whether the priority names the stream itself, which is an error of the stream (RFC 7540 section 5.3.1)
 */
export type OnHeaderBlock = (streamId: number, isEnd: boolean, dependsOnItself: boolean) => void;

/** Reads header blocks. Its functions throw a {@link ConnectionError} if a frame is malformed, or the block too long. */
export interface HeaderBlocks {
  /** The stream of an incomplete block, on which only CONTINUATION may follow; 0 if there is none. */
  readonly openStreamId: () => number;
  /** Reads the payload of HEADERS, from `start` to `end`. */
  readonly headers: (flags: number, streamId: number, bytes: Buffer, start: number, end: number) => void;
  /** Reads the payload of CONTINUATION. */
  readonly continuation: (flags: number, bytes: Buffer, start: number, end: number) => void;
  /** Checks the time of an incomplete block. Call it when bytes have arrived and were read. */
  readonly checkTime: () => void;
}

/**
 * Creates a reader.
 *
 * @param now milliseconds of the monotonic clock
 */
export function createHeaderBlocks(
  heads: HeadReader,
  onBlock: OnHeaderBlock,
  now: () => number,
): HeaderBlocks {
  let openStreamId = 0;
  let openedAt = 0;
  let isEnd = false;
  let dependsOnItself = false;
  let length = 0;
  let frames = 0;
  /** The part of an incomplete field that has arrived, and the bytes to come of one that is skipped. */
  const unread = createUnreadBytes();
  let toSkip = 0;

  const read = (bytes: Buffer, start: number, end: number, isFirst: boolean) => {
    length += end - start;
    frames++;
    if (length > headerBlockLimit || frames > frameLimit + length / smallestMaxFrameSize)
      throw new ConnectionError(errorCode.enhanceYourCalm, 'header block too long');
    const from = Math.min(end, start + toSkip);
    toSkip -= from - start;
    unread.add(bytes, from, end);
    const next = heads.part(unread.buffer(), 0, unread.length(), isFirst);
    toSkip += Math.max(0, next - unread.length());
    unread.remove(Math.min(next, unread.length()));
  };
  const complete = () => {
    if (unread.length() > 0 || toSkip > 0) throw new CompressionError('a field is longer than its block');
    unread.clear();
    const streamId = openStreamId;
    openStreamId = 0;
    length = 0;
    frames = 0;
    onBlock(streamId, isEnd, dependsOnItself);
  };

  return {
    openStreamId: () => openStreamId,
    headers: (flags, streamId, bytes, start, end) => {
      let from = start;
      let to = end;
      if (flags & frameFlag.padded) {
        if (from === to)
          throw new ConnectionError(errorCode.frameSizeError, 'HEADERS without its pad length');
        to -= bytes.readUInt8(from++);
      }
      dependsOnItself = false;
      if (flags & frameFlag.priority) {
        if (end - from < priorityBytes)
          throw new ConnectionError(errorCode.frameSizeError, 'HEADERS without its priority');
        dependsOnItself = readUint31(bytes, from) === streamId;
        from += priorityBytes;
      }
      if (from > to) throw new ConnectionError(errorCode.protocolError, 'padding longer than HEADERS');
      isEnd = (flags & frameFlag.endStream) !== 0;
      if (flags & frameFlag.endHeaders) {
        heads.whole(bytes, from, to);
        return onBlock(streamId, isEnd, dependsOnItself);
      }
      openStreamId = streamId;
      openedAt = now();
      read(bytes, from, to, true);
    },
    continuation: (flags, bytes, start, end) => {
      read(bytes, start, end, false);
      if (flags & frameFlag.endHeaders) complete();
    },
    checkTime: () => {
      if (openStreamId !== 0 && now() - openedAt > timeLimit)
        throw new ConnectionError(errorCode.enhanceYourCalm, 'header block too slow');
    },
  };
}
