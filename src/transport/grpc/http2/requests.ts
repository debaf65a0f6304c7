/** Reads requests: HEADERS, DATA and trailers (RFC 9113 section 8.1). */
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';
import type { FloodLimits } from './floods.ts';
import { frameFlag } from './frame.ts';
import type { OnHeaderBlock } from './header-blocks.ts';
import { createOpenStream, type OpenStream } from './open-stream.ts';
import type { Output } from './output.ts';
import { connectionWindow, creditWindow, type ReceiveWindow, streamWindow } from './receive-window.ts';
import type { HeadReader, ReadHead } from './request-head.ts';
import type { StreamHandler } from './stream.ts';
import { maxConcurrentStreams, type Streams } from './streams.ts';

/** The requests of a connection. Its functions throw a {@link ConnectionError} if the client leaves no common state. */
export interface Requests {
  /** Continues after a header block was read: of a request, or of its trailers. */
  readonly block: OnHeaderBlock;
  /** Begins a DATA frame. */
  readonly dataBegins: (flags: number, streamId: number, length: number, padding: number) => void;
  /** Reads a piece of a DATA frame. */
  readonly data: (bytes: Buffer, start: number, end: number, isLast: boolean) => void;
}

/** The dependencies of the requests. */
export interface RequestsDependencies<Call> {
  readonly streams: Streams<Call>;
  readonly heads: HeadReader;
  readonly output: Output;
  readonly floods: FloodLimits;
  readonly handler: StreamHandler<Call>;
  /** Whether new requests are refused. */
  readonly isClosing: () => boolean;
  /** The window for the response of a new stream, in bytes. */
  readonly sendWindow: () => number;
}

const nothing = Buffer.alloc(0);

/** Creates the reader of the requests. */
export function createRequests<Call>(dependencies: RequestsDependencies<Call>): Requests {
  const { streams, heads, output, floods, handler, isClosing, sendWindow } = dependencies;
  const window: ReceiveWindow = { uncredited: 0 };
  /** The stream of the DATA frame that is read; undefined if its data is ignored. */
  let current: OpenStream<Call> | undefined;
  let isEndOfRequest = false;

  const openStream = (
    id: number,
    isEnd: boolean,
    dependsOnItself: boolean,
    request: ReadHead | undefined,
  ) => {
    streams.use(id);
    if (isClosing() || streams.count() >= maxConcurrentStreams) {
      floods.count('refused HEADERS');
      return streams.refuse(id, errorCode.refusedStream, isEnd);
    }
    if (request === undefined || dependsOnItself || (isEnd && request.contentLength > 0))
      return streams.refuse(id, errorCode.protocolError, isEnd);
    const stream = createOpenStream<Call>(id, request.head, request.contentLength, isEnd, sendWindow());
    streams.add(stream);
    stream.call = handler.opened(stream);
    stream.isOpened = true;
    if (stream.isClosed) handler.closed(stream);
    else if (isEnd) handler.data(stream, nothing, true);
  };
  const endStream = (stream: OpenStream<Call>, isEnd: boolean, isMalformed: boolean) => {
    if (stream.isRequestComplete) return streams.fail(stream, errorCode.streamClosed);
    if (isMalformed || !isEnd || stream.contentLeft > 0) return streams.fail(stream, errorCode.protocolError);
    stream.isRequestComplete = true;
    handler.data(stream, nothing, true);
  };
  const requireReset = (id: number) => {
    if (streams.stateOf(id) !== 'reset')
      throw new ConnectionError(errorCode.streamClosed, `HEADERS of the closed stream ${id}`);
  };
  /** The stream that accepts the data of a frame. */
  const acceptData = (id: number): OpenStream<Call> | undefined => {
    const stream = streams.find(id);
    if (stream === undefined) {
      const state = streams.stateOf(id);
      if (state === 'idle')
        throw new ConnectionError(errorCode.protocolError, `DATA of the idle stream ${id}`);
      if (state === 'closed') streams.refuse(id, errorCode.streamClosed, isEndOfRequest);
      else if (isEndOfRequest) streams.forget(id);
      return undefined;
    }
    if (!stream.isRequestComplete) return stream;
    streams.fail(stream, errorCode.streamClosed);
    return undefined;
  };
  const credit = (bytes: number) => {
    const increment = creditWindow(window, bytes, connectionWindow);
    if (increment > 0) output.windowUpdate(0, increment);
    if (current === undefined || current.isClosed || isEndOfRequest) return;
    const ofStream = creditWindow(current, bytes, streamWindow);
    if (ofStream > 0) output.windowUpdate(current.id, ofStream);
  };
  /** Counts data for `content-length`; returns whether the stream still agrees with it. */
  const isAnnounced = (stream: OpenStream<Call>, bytes: number, isLast: boolean): boolean => {
    if (stream.contentLeft < 0) return true;
    stream.contentLeft -= bytes;
    if (stream.contentLeft >= 0 && !(isLast && stream.contentLeft > 0)) return true;
    streams.fail(stream, errorCode.protocolError);
    return false;
  };

  return {
    block: (id, isEnd, dependsOnItself) => {
      const stream = streams.find(id);
      if (stream !== undefined) endStream(stream, isEnd, dependsOnItself || !heads.isTrailers());
      else if (id > streams.highestId()) {
        if (id % 2 === 0) throw new ConnectionError(errorCode.protocolError, `HEADERS of stream ${id}`);
        openStream(id, isEnd, dependsOnItself, heads.request());
      } else {
        requireReset(id);
        if (isEnd) streams.forget(id);
      }
    },
    dataBegins: (flags, id, length, padding) => {
      isEndOfRequest = (flags & frameFlag.endStream) !== 0;
      if (length === 0 && !isEndOfRequest) floods.count('empty DATA');
      current = acceptData(id);
      if (padding > 0) credit(padding);
    },
    data: (bytes, start, end, isLastOfFrame) => {
      const isLast = isLastOfFrame && isEndOfRequest;
      if (end > start) credit(end - start);
      const stream = current;
      if (stream === undefined || stream.isClosed || !isAnnounced(stream, end - start, isLast)) return;
      if (isLast) stream.isRequestComplete = true;
      if (end > start || isLast) handler.data(stream, bytes.subarray(start, end), isLast);
    },
  };
}
