/** Sends responses within the windows of the client (RFC 9113 section 5.2). Data that must wait takes turns, frame by frame. */
import { ConnectionError } from './connection-error.ts';
import { errorCode } from './error-code.ts';
import { defaultWindow, largestWindow, smallestMaxFrameSize } from './frame.ts';
import type { OpenStream } from './open-stream.ts';
import type { Output } from './output.ts';
import { defaultHeaderTableSize, type PeerSettings } from './settings.ts';

/** The responses of a connection. */
export interface Responses<Call> {
  /** Sends a whole response. */
  readonly respond: (
    stream: OpenStream<Call>,
    headers: Buffer,
    data: Buffer | undefined,
    trailers: Buffer | undefined,
  ) => void;
  readonly start: (stream: OpenStream<Call>, headers: Buffer) => void;
  readonly send: (stream: OpenStream<Call>, data: Buffer) => void;
  readonly finish: (stream: OpenStream<Call>, trailers: Buffer) => void;
  /** Drops what waits for a stream. */
  readonly drop: (stream: OpenStream<Call>) => void;
  /** The window of a new stream. */
  readonly initialWindow: () => number;
  /**
   * Applies settings of the client.
   *
   * @throws ConnectionError if the window of a stream becomes too large
   */
  readonly applySettings: (settings: PeerSettings, streams: Iterable<OpenStream<Call>>) => void;
  /** Adds to the window of the connection. @throws ConnectionError if it becomes too large */
  readonly openConnectionWindow: (increment: number) => void;
  /** Adds to the window of a stream; returns whether it is still in range. */
  readonly openStreamWindow: (stream: OpenStream<Call>, increment: number) => boolean;
  /** Sends what waited for the peer to take the output. */
  readonly resume: () => void;
}

/**
 * Creates the responses.
 *
 * @param onSent called when the whole response of a stream was sent
 */
export function createResponses<Call>(
  output: Output,
  onSent: (stream: OpenStream<Call>) => void,
): Responses<Call> {
  /** The streams with data that waits for the connection, not only for their own window, in the order of their turns. */
  const queue = new Set<OpenStream<Call>>();
  let window = defaultWindow;
  let initialWindow = defaultWindow;
  /** The start of the next header block, if it must say that this side does not use the dynamic table (RFC 7541 section 4.2). */
  let tableUpdate: Buffer | undefined;
  let hasUpdatedTable = false;

  const writeHeaders = (stream: OpenStream<Call>, block: Buffer, isEnd: boolean) => {
    if (tableUpdate === undefined) return output.headers(stream.id, block, isEnd);
    output.headers(stream.id, Buffer.concat([tableUpdate, block]), isEnd);
    tableUpdate = undefined;
  };
  const sendable = (stream: OpenStream<Call>): number =>
    output.isBackedUp() ? 0 : Math.min(window, stream.sendWindow, smallestMaxFrameSize);
  const writeData = (stream: OpenStream<Call>, bytes: Buffer, start: number, end: number) => {
    window -= end - start;
    stream.sendWindow -= end - start;
    output.data(stream.id, bytes, start, end, stream.waitingBytes === 0 && stream.end === 'data');
  };
  /** Ends the response if its data was sent. */
  const endIfDue = (stream: OpenStream<Call>) => {
    if (stream.end === 'open' || stream.waitingBytes > 0 || stream.isClosed) return;
    if (stream.end !== 'data') writeHeaders(stream, stream.end, true);
    onSent(stream);
  };
  const sendOrWait = (stream: OpenStream<Call>, data: Buffer) => {
    if (data.length === 0) return;
    if (stream.waitingBytes === 0 && data.length <= sendable(stream))
      return writeData(stream, data, 0, data.length);
    stream.waiting ??= [];
    stream.waiting.push(data);
    stream.waitingBytes += data.length;
    takeTurns(stream);
  };
  /** Sends one frame of what waits. */
  const sendFrame = (stream: OpenStream<Call>, most: number) => {
    const [first] = stream.waiting ?? [];
    if (first === undefined) return;
    const start = stream.waitingOffset;
    const end = Math.min(first.length, start + most);
    stream.waitingBytes -= end - start;
    stream.waitingOffset = end;
    if (end === first.length) {
      stream.waiting?.shift();
      stream.waitingOffset = 0;
    }
    writeData(stream, first, start, end);
  };
  /** Gives each stream in the queue a frame in turn, also the given one, as long as the peer takes them. */
  const takeTurns = (stream?: OpenStream<Call>) => {
    if (stream !== undefined) queue.add(stream);
    for (const next of queue) {
      if (window <= 0 || output.isBackedUp()) return;
      queue.delete(next);
      const most = sendable(next);
      // Without a window of its own, it comes back with its next WINDOW_UPDATE.
      if (most <= 0) continue;
      sendFrame(next, most);
      if (next.waitingBytes > 0) queue.add(next);
      else endIfDue(next);
    }
  };
  const setInitialWindow = (size: number, streams: Iterable<OpenStream<Call>>) => {
    const change = size - initialWindow;
    initialWindow = size;
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > largestWindow)
        throw new ConnectionError(errorCode.flowControlError, `window of stream ${stream.id} too large`);
      if (stream.waitingBytes > 0) queue.add(stream);
    }
    takeTurns();
  };

  return {
    respond: (stream, headers, data, trailers) => {
      if (stream.isClosed || stream.hasResponse) return;
      stream.hasResponse = true;
      stream.end = trailers ?? 'data';
      writeHeaders(stream, headers, trailers === undefined && (data === undefined || data.length === 0));
      if (data !== undefined) sendOrWait(stream, data);
      endIfDue(stream);
    },
    start: (stream, headers) => {
      if (stream.isClosed || stream.hasResponse) return;
      stream.hasResponse = true;
      writeHeaders(stream, headers, false);
    },
    send: (stream, data) => {
      if (!stream.isClosed && stream.hasResponse && stream.end === 'open') sendOrWait(stream, data);
    },
    finish: (stream, trailers) => {
      if (stream.isClosed || !stream.hasResponse || stream.end !== 'open') return;
      stream.end = trailers;
      endIfDue(stream);
    },
    drop: (stream) => {
      if (stream.waitingBytes === 0) return;
      queue.delete(stream);
      stream.waiting = undefined;
      stream.waitingBytes = 0;
    },
    initialWindow: () => initialWindow,
    applySettings: ({ headerTableSize, initialWindowSize }, streams) => {
      if (headerTableSize !== undefined && headerTableSize < defaultHeaderTableSize && !hasUpdatedTable) {
        hasUpdatedTable = true;
        tableUpdate = emptyTable;
      }
      if (initialWindowSize !== undefined) setInitialWindow(initialWindowSize, streams);
    },
    openConnectionWindow: (increment) => {
      window += increment;
      if (window > largestWindow)
        throw new ConnectionError(errorCode.flowControlError, 'window of the connection too large');
      takeTurns();
    },
    openStreamWindow: (stream, increment) => {
      stream.sendWindow += increment;
      if (stream.sendWindow > largestWindow) return false;
      if (stream.waitingBytes > 0) takeTurns(stream);
      return true;
    },
    resume: () => takeTurns(),
  };
}

/** Dynamic Table Size Update to 0 (RFC 7541 section 6.3). */
const emptyTable = Buffer.from([0x20]);
