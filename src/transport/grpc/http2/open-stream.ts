/** The record of an open stream. The files of this folder change it; the handler sees it as a {@link Stream}. */
import type { ReceiveWindow } from './receive-window.ts';
import type { RequestHead, Stream } from './stream.ts';

/** An open stream, with the window of its request. */
export interface OpenStream<Call> extends Stream<Call>, ReceiveWindow {
  call: Call;
  isRequestComplete: boolean;
  hasResponse: boolean;
  isClosed: boolean;
  /** Whether the handler has returned its value for the stream. */
  isOpened: boolean;
  /** The data that `content-length` still announces, in bytes; -1 if there is no such field. */
  contentLeft: number;
  /** The data of the response that the client accepts, in bytes. Negative after the client made its initial window smaller. */
  sendWindow: number;
  /** The data of the response that waits for a window, in order. The first `waitingOffset` bytes of the first piece are sent. */
  waiting: Buffer[] | undefined;
  waitingOffset: number;
  waitingBytes: number;
  /** The part that follows the data of the response. */
  end: ResponseEnd;
}

/** How a response ends: not yet, with the last byte of its data, or with trailers. */
export type ResponseEnd = 'open' | 'data' | Buffer;

/** Creates the record of a stream. The handler's value for it follows. */
export function createOpenStream<Call>(
  id: number,
  head: RequestHead,
  contentLength: number,
  isRequestComplete: boolean,
  sendWindow: number,
): OpenStream<Call> {
  return {
    id,
    head,
    call: undefined as Call,
    isRequestComplete,
    hasResponse: false,
    isClosed: false,
    isOpened: false,
    contentLeft: contentLength,
    uncredited: 0,
    sendWindow,
    waiting: undefined,
    waitingOffset: 0,
    waitingBytes: 0,
    end: 'open',
  };
}

/** The record of a stream that the handler holds. */
export function recordOf<Call>(stream: Stream<Call>): OpenStream<Call> {
  return stream as OpenStream<Call>;
}
