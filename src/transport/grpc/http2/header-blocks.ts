/** Joins HEADERS and CONTINUATION to whole header blocks (RFC 9113 sections 4.3, 6.2 and 6.10). */
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';
import { frameFlag, readUint31 } from './frame.ts';

/** The limits of a header block: its compressed bytes, and its frames. */
const blockLimit = 64 * 1024;
const frameLimit = 64;

/** The bytes of the priority in HEADERS (RFC 7540 section 6.2). */
const priorityBytes = 5;

/**
 * Receives a whole header block: `bytes` from `start` to `end`.
 *
 * @param isEnd whether the client has sent everything
 * @param dependsOnItself whether the priority names the stream itself, which is an error of the stream (RFC 7540 section 5.3.1)
 */
export type OnHeaderBlock = (
  streamId: number,
  isEnd: boolean,
  dependsOnItself: boolean,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

/** Reads header blocks. Its functions throw a {@link ConnectionError} if a frame is malformed, or the block too long. */
export interface HeaderBlocks {
  /** The stream of an incomplete block, on which only CONTINUATION may follow; 0 if there is none. */
  readonly openStreamId: () => number;
  /** Reads the payload of HEADERS, from `start` to `end`. */
  readonly headers: (flags: number, streamId: number, bytes: Buffer, start: number, end: number) => void;
  /** Reads the payload of CONTINUATION. */
  readonly continuation: (flags: number, bytes: Buffer, start: number, end: number) => void;
}

/** Creates a reader. */
export function createHeaderBlocks(onBlock: OnHeaderBlock): HeaderBlocks {
  let openStreamId = 0;
  let isEnd = false;
  let dependsOnItself = false;
  let parts: Buffer[] = [];
  let length = 0;
  let frames = 0;

  const keep = (bytes: Buffer, start: number, end: number) => {
    length += end - start;
    if (++frames > frameLimit || length > blockLimit)
      throw new ConnectionError(errorCode.enhanceYourCalm, 'header block too long');
    // A part without a copy would keep everything in memory that arrived with it.
    parts.push(Buffer.from(bytes.subarray(start, end)));
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
      if (flags & frameFlag.endHeaders) return onBlock(streamId, isEnd, dependsOnItself, bytes, from, to);
      openStreamId = streamId;
      keep(bytes, from, to);
    },
    continuation: (flags, bytes, start, end) => {
      keep(bytes, start, end);
      if (!(flags & frameFlag.endHeaders)) return;
      const block = Buffer.concat(parts, length);
      const streamId = openStreamId;
      openStreamId = 0;
      parts = [];
      length = 0;
      frames = 0;
      onBlock(streamId, isEnd, dependsOnItself, block, 0, block.length);
    },
  };
}
