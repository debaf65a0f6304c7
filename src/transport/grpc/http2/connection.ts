/**
 * The server's side of an HTTP/2 connection with unary calls (RFC 9113): plain with prior knowledge, or after TLS with ALPN.
 * Envoy sends the calls of all its clients on one connection, so a stream never ends another one. The connection ends only for
 * an error of its peer that leaves no common state, or for a flood.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';
import { ConnectionError } from './connection-error.ts';
import { createControlFrames } from './control-frames.ts';
import { type ErrorCode, errorCode } from './error-code.ts';
import { createFloodLimits } from './floods.ts';
import { belongsTo, defaultWindow, frameFlag, frameType, highestStreamId } from './frame.ts';
import { createFrameReader } from './frame-reader.ts';
import { createHeaderBlocks, headerBlockLimit } from './header-blocks.ts';
import { createHeaderDecoder } from './hpack/decoder.ts';
import { CompressionError } from './hpack/field.ts';
import { createInputTurns } from './input-turns.ts';
import { recordOf } from './open-stream.ts';
import { createOutput } from './output.ts';
import { createPings } from './pings.ts';
import { createPrefaceReader } from './preface.ts';
import { connectionWindow, streamWindow } from './receive-window.ts';
import { readRequestField } from './request-field.ts';
import { createHeadReader } from './request-head.ts';
import { createRequests } from './requests.ts';
import { createResponses } from './responses.ts';
import { defaultHeaderTableSize, writeSettings } from './settings.ts';
import type { Stream, StreamHandler } from './stream.ts';
import { createStreams, maxConcurrentStreams } from './streams.ts';

/** A connection. */
export interface Http2Connection<Call> {
  /** The open streams. */
  readonly streams: () => Iterable<Stream<Call>>;
  /**
   * Sends a whole response, and ends the stream. Does nothing if the stream is closed or has a response.
   *
   * If the request is not complete, the client is asked to stop (RFC 9113 section 8.1).
   *
   * @param headers the header block
   * @param data empty if the response has none. It must not change afterwards.
   * @param trailers the block of the trailers; undefined if the headers or the data are last
   */
  readonly respond: (stream: Stream<Call>, headers: Buffer, data?: Buffer, trailers?: Buffer) => void;
  /** Starts a response of several messages. */
  readonly start: (stream: Stream<Call>, headers: Buffer) => void;
  /** Sends data of a started response. */
  readonly send: (stream: Stream<Call>, data: Buffer) => void;
  /** Ends a started response. */
  readonly finish: (stream: Stream<Call>, trailers: Buffer) => void;
  /** Ends a stream at once. */
  readonly reset: (stream: Stream<Call>, code: ErrorCode) => void;
  /** The bytes of a response that wait for the flow-control windows of the client. */
  readonly unsentBytes: (stream: Stream<Call>) => number;
  /** Sends a PING. */
  readonly ping: (onAcknowledged: () => void) => void;
  /**
   * Asks the client to open its next streams on another connection. Those on their way are still served: the GOAWAY has the
   * highest stream identifier (RFC 9113 section 6.8). Does nothing the second time.
   */
  readonly goAway: () => void;
  /** Refuses new streams, and ends the connection after the open ones. */
  readonly close: () => void;
  /** Ends the connection at once, with all streams. */
  readonly destroy: () => void;
  /** Whether the client has sent its preface and its first SETTINGS. */
  readonly hasBegun: () => boolean;
  /** When the last bytes arrived, on the monotonic clock, in milliseconds. */
  readonly heardAt: () => number;
}

/** The dependencies of a connection. */
export interface Http2ConnectionDependencies<Call> {
  readonly socket: Socket;
  readonly handler: StreamHandler<Call>;
  readonly clock: Clock;
  /**
   * Called once, when the connection has ended.
   *
   * @param error why this side ended it; undefined if the peer did, or `close` or `destroy` was called
   */
  readonly onClosed: (error: { readonly code: ErrorCode; readonly detail: string } | undefined) => void;
}

/** Why this side ends a connection. */
type EndReason = { readonly code: ErrorCode; readonly detail: string };

/** The time for the client to read the last bytes and to close, in milliseconds. */
const lingerTime = 2_000;

/** The time for the responses to a client that sends no more, in milliseconds. It may never read them. */
const lastResponsesTime = 10_000;

const ownSettings = writeSettings({
  maxConcurrentStreams,
  initialWindowSize: streamWindow,
  maxHeaderListSize: headerBlockLimit,
});

/** Creates the server's side of a connection, and reads from the socket at once. */
export function createHttp2Connection<Call>(
  dependencies: Http2ConnectionDependencies<Call>,
): Http2Connection<Call> {
  const { socket, handler, clock, onClosed } = dependencies;
  let heardAt = clock.monotonic();
  let hasBegun = false;
  let hasGoAway = false;
  let isClosing = false;
  let hasEnded = false;
  let reason: EndReason | undefined;
  let stopTimer = () => {};

  const output = createOutput(socket);
  const turns = createInputTurns(socket, output);
  const floods = createFloodLimits(() => heardAt);
  const pings = createPings(output);
  const preface = createPrefaceReader();
  const responses = createResponses<Call>(output, (stream) => {
    floods.callAnswered();
    if (stream.isRequestComplete) streams.close(stream);
    else streams.reset(stream, errorCode.noError);
  });
  const streams = createStreams<Call>({
    output,
    floods,
    handler,
    onClosed: (stream) => {
      responses.drop(stream);
      if (isClosing && streams.count() === 0) end(undefined);
    },
  });
  const heads = createHeadReader(createHeaderDecoder(defaultHeaderTableSize, readRequestField));
  const requests = createRequests<Call>({
    streams,
    heads,
    output,
    floods,
    handler,
    isClosing: () => isClosing,
    sendWindow: responses.initialWindow,
  });
  const headerBlocks = createHeaderBlocks(heads, requests.block, () => heardAt);
  const readControlFrame = createControlFrames<Call>({
    streams,
    responses,
    output,
    floods,
    onPingAcknowledged: pings.acknowledged,
  });
  const frames = createFrameReader({
    begins: (type, flags, streamId) => {
      if (!hasBegun) {
        if (type !== frameType.settings || flags & frameFlag.ack)
          throw new ConnectionError(errorCode.protocolError, 'the first frame is not SETTINGS');
        hasBegun = true;
      }
      const expected = headerBlocks.openStreamId();
      if (expected === 0 ? type === frameType.continuation : !isContinuationOf(expected, type, streamId))
        throw new ConnectionError(errorCode.protocolError, 'a header block is interrupted, or has no start');
      if (type > frameType.continuation) floods.count('PRIORITY and unknown');
      else if (!belongsTo(type, streamId))
        throw new ConnectionError(errorCode.protocolError, `frame of type ${type} on stream ${streamId}`);
    },
    frame: (type, flags, streamId, bytes, start, end_) => {
      if (type === frameType.headers) headerBlocks.headers(flags, streamId, bytes, start, end_);
      else if (type === frameType.continuation) headerBlocks.continuation(flags, bytes, start, end_);
      else readControlFrame(type, flags, streamId, bytes, start, end_);
    },
    dataBegins: requests.dataBegins,
    data: requests.data,
  });

  const writeGoAway = (lastStreamId: number, code: ErrorCode, detail = '') => {
    const payload = Buffer.alloc(8 + detail.length);
    payload.writeUInt32BE(lastStreamId);
    payload.writeUInt32BE(code, 4);
    payload.write(detail, 8, 'latin1');
    output.frame(frameType.goAway, 0, 0, payload);
  };
  const begin = () => {
    output.frame(frameType.settings, 0, 0, ownSettings);
    output.windowUpdate(0, connectionWindow - defaultWindow);
    if (hasGoAway) writeGoAway(highestStreamId, errorCode.noError);
  };
  /** Ends the connection, with all streams. */
  const end = (error: EndReason | undefined) => {
    if (hasEnded) return;
    hasEnded = true;
    reason = error;
    frames.stop();
    streams.closeAll();
    if (!preface.isComplete()) return void socket.destroy();
    if (error !== undefined) writeGoAway(streams.highestId(), error.code, error.detail);
    output.flush();
    // The rest of the input is read: closing with unread bytes would make the client lose the last frames.
    socket.resume();
    socket.end();
    stopTimer();
    stopTimer = clock.after(lingerTime, () => socket.destroy());
  };
  const destroy = () => {
    hasEnded = true;
    frames.stop();
    socket.destroy();
    streams.closeAll();
  };
  const close = () => {
    if (isClosing || hasEnded) return;
    isClosing = true;
    if (preface.isComplete()) writeGoAway(streams.highestId(), errorCode.noError);
    if (streams.count() === 0) end(undefined);
  };
  const readBytes = (bytes: Buffer) => {
    const start = preface.isComplete() ? 0 : preface.read(bytes);
    if (!preface.isComplete()) return;
    if (start > 0) begin();
    frames.read(bytes, start);
    headerBlocks.checkTime();
  };
  const read = (bytes: Buffer) => {
    if (hasEnded) return;
    heardAt = clock.monotonic();
    output.hold();
    try {
      readBytes(bytes);
    } catch (error) {
      end(reasonOf(error));
    }
    output.flush();
    if (!hasEnded) turns.read(bytes.length);
  };

  socket.setNoDelay(true);
  socket.on('data', read);
  socket.on('drain', () => {
    responses.resume();
    socket.resume();
  });
  // The peer sends nothing more, but may still read: what it asked for completely is answered.
  socket.on('end', () => {
    for (const stream of streams.all()) if (!stream.isRequestComplete) streams.close(stream);
    if (streams.count() === 0) return end(undefined);
    close();
    stopTimer = clock.after(lastResponsesTime, () => end(undefined));
  });
  // The socket closes after an error.
  socket.on('error', () => {});
  socket.once('close', () => {
    stopTimer();
    destroy();
    onClosed(reason);
  });

  return {
    streams: streams.all,
    respond: (stream, headers, data, trailers) =>
      responses.respond(recordOf(stream), headers, data, trailers),
    start: (stream, headers) => responses.start(recordOf(stream), headers),
    send: (stream, data) => responses.send(recordOf(stream), data),
    finish: (stream, trailers) => responses.finish(recordOf(stream), trailers),
    reset: (stream, code) => streams.reset(recordOf(stream), code),
    unsentBytes: (stream) => recordOf(stream).waitingBytes,
    ping: pings.send,
    goAway: () => {
      if (hasGoAway || hasEnded) return;
      hasGoAway = true;
      if (preface.isComplete()) writeGoAway(highestStreamId, errorCode.noError);
    },
    close,
    destroy,
    hasBegun: () => hasBegun,
    heardAt: () => heardAt,
  };
}

/** Whether a frame continues the header block of a stream. */
function isContinuationOf(openStreamId: number, type: number, streamId: number): boolean {
  return type === frameType.continuation && streamId === openStreamId;
}

function reasonOf(error: unknown): EndReason {
  if (error instanceof ConnectionError) return { code: error.code, detail: error.message };
  if (error instanceof CompressionError)
    return { code: errorCode.compressionError, detail: 'a header block cannot be decoded' };
  return { code: errorCode.internalError, detail: 'an internal error' };
}
