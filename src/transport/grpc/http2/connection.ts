/**
 * The server's side of an HTTP/2 connection with unary calls (RFC 9113): plain with prior knowledge, or after TLS with ALPN.
 * Envoy sends the calls of all its clients on one connection, so a stream never ends another one. The connection ends only for
 * an error of its peer that leaves no common state, or for a flood.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';
import type { ErrorCode } from './error-code.ts';
import type { Stream, StreamHandler } from './stream.ts';

/** A connection. */
export interface Http2Connection<Call> {
  /** The open streams. */
  readonly streams: () => Iterable<Stream<Call>>;
  /**
   * Sends a whole response, and ends the stream. If the request is not complete, the client is asked to stop (RFC 9113
   * section 8.1). Does nothing if the stream is closed or has a response.
   *
   * @param headers the header block
   * @param data empty if the response has none; it must not change afterwards
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

/** Creates the server's side of a connection, and reads from the socket at once. */
export declare function createHttp2Connection<Call>(
  dependencies: Http2ConnectionDependencies<Call>,
): Http2Connection<Call>;
