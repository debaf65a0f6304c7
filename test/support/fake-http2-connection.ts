/** A connection that only keeps what the calls on it send, with the windows of a client that the test sets. */

import type { Clock } from '../../src/runtime/time/clock.ts';
import type { Http2Connection } from '../../src/transport/grpc/http2/connection.ts';
import { createHeaderDecoder } from '../../src/transport/grpc/http2/hpack/decoder.ts';
import type { RequestHead, Stream, StreamHandler } from '../../src/transport/grpc/http2/stream.ts';

/** A stream of the connection, and what was sent on it. */
export interface FakeStream<Call> extends Stream<Call> {
  call: Call;
  isRequestComplete: boolean;
  hasResponse: boolean;
  isClosed: boolean;
  /** The header blocks that were sent. */
  readonly blocks: Record<string, string>[];
  /** The data that was sent or waits. */
  data: Buffer;
  /** The bytes that wait for the window. */
  unsent: number;
  /** The error code of the reset by this side. */
  reset: number | undefined;
}

/** The connection. */
export interface FakeConnection<Call> {
  readonly connection: Http2Connection<Call>;
  /** Opens a stream. */
  readonly open: (head?: Partial<RequestHead>) => FakeStream<Call>;
  /** Sends a part of the request. */
  readonly send: (stream: FakeStream<Call>, piece: Buffer, isLast?: boolean) => void;
  /** Closes a stream, as its client does. */
  readonly cancel: (stream: FakeStream<Call>) => void;
  /** The PINGs without an answer. */
  readonly pings: (() => void)[];
  /** Whether this side has ended it. */
  readonly isDestroyed: () => boolean;
}

/** The client of the connection. */
export interface FakeClient {
  readonly clock: Clock;
  /** The bytes that it takes of each response. */
  readonly window?: number;
  readonly hasBegun?: () => boolean;
}

/** Creates the connection. @param handler returns the handler of its streams */
export function createFakeConnection<Call>(
  handler: () => Pick<StreamHandler<Call>, 'opened'> & Partial<StreamHandler<Call>>,
  { clock, window = Number.POSITIVE_INFINITY, hasBegun = () => true }: FakeClient,
): FakeConnection<Call> {
  const streams = new Set<FakeStream<Call>>();
  const pings: (() => void)[] = [];
  let isDestroyed = false;
  let heardAt = clock.monotonic();
  let isOpening = false;
  const fake = (stream: Stream<Call>) => stream as FakeStream<Call>;
  const close = (stream: FakeStream<Call>) => {
    if (stream.isClosed) return;
    stream.isClosed = true;
    if (!isOpening) ended(stream);
  };
  const ended = (stream: FakeStream<Call>) => {
    streams.delete(stream);
    handler().closed?.(stream);
  };
  const write = (stream: FakeStream<Call>, data: Buffer) => {
    stream.data = Buffer.concat([stream.data, data]);
    stream.unsent = Math.max(0, stream.data.length - window);
  };
  const finish = (stream: FakeStream<Call>, trailers?: Buffer) => {
    if (trailers !== undefined) stream.blocks.push(decoded(trailers));
    if (stream.unsent === 0) close(stream);
  };
  return {
    connection: {
      streams: () => streams,
      respond: (stream, headers, data = Buffer.alloc(0), trailers) => {
        if (stream.isClosed || stream.hasResponse) return;
        fake(stream).hasResponse = true;
        fake(stream).blocks.push(decoded(headers));
        write(fake(stream), data);
        finish(fake(stream), trailers);
      },
      start: (stream, headers) => {
        fake(stream).hasResponse = true;
        fake(stream).blocks.push(decoded(headers));
      },
      send: (stream, data) => write(fake(stream), data),
      finish: (stream, trailers) => finish(fake(stream), trailers),
      reset: (stream, code) => {
        fake(stream).reset = code;
        close(fake(stream));
      },
      unsentBytes: (stream) => fake(stream).unsent,
      ping: (onAcknowledged) => void pings.push(onAcknowledged),
      goAway: () => {},
      close: () => {},
      destroy: () => {
        isDestroyed = true;
      },
      hasBegun,
      heardAt: () => heardAt,
    },
    open: (head) => {
      heardAt = clock.monotonic();
      const stream: Omit<FakeStream<Call>, 'call'> = {
        id: 1,
        head: {
          method: 'POST',
          path: '/test',
          contentType: 'application/grpc',
          encoding: undefined,
          timeout: undefined,
          ...head,
        },
        ...{ isRequestComplete: false, hasResponse: false, isClosed: false },
        blocks: [],
        data: Buffer.alloc(0),
        unsent: 0,
        reset: undefined,
      };
      isOpening = true;
      const opened = Object.assign(stream, { call: handler().opened(stream as FakeStream<Call>) });
      isOpening = false;
      streams.add(opened);
      if (opened.isClosed) ended(opened);
      return opened;
    },
    send: (stream, piece, isLast = false) => {
      heardAt = clock.monotonic();
      stream.isRequestComplete ||= isLast;
      if (!stream.isClosed) handler().data?.(stream, piece, isLast);
    },
    cancel: close,
    pings,
    isDestroyed: () => isDestroyed,
  };
}

function decoded(block: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  const decoder = createHeaderDecoder(4_096, (name, value) => ({ name, value }));
  decoder.decode(block, 0, block.length, ({ name, value }) => {
    fields[name] = value;
  });
  return fields;
}
