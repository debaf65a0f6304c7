/** A stream of an HTTP/2 connection, which carries one request and its response (RFC 9113 section 8.1). */

/** The fields of a request that a gRPC server reads. Values have one character per byte. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  /** `grpc-encoding`. */
  readonly encoding: string | undefined;
  /** `grpc-timeout`. */
  readonly timeout: string | undefined;
}

/**
 * A stream.
 *
 * @typeParam Call what the handler keeps for the stream
 */
export interface Stream<Call> {
  readonly id: number;
  readonly head: RequestHead;
  /** The value that the handler returned when the stream was opened. */
  readonly call: Call;
  /** Whether the client has sent its whole request. */
  readonly isRequestComplete: boolean;
  /** Whether the response has begun. */
  readonly hasResponse: boolean;
  /** Whether the stream has ended: both sides have sent everything, or one has reset it, or the connection has ended. */
  readonly isClosed: boolean;
}

/** Serves the streams of a connection. Its functions never throw. */
export interface StreamHandler<Call> {
  /**
   * Called with the complete header block of a request. The handler may respond or reset at once; `closed` is then called after
   * this function has returned.
   */
  readonly opened: (stream: Stream<Call>) => Call;
  /**
   * Called with each piece of the request's data, in order. Also called after a response was sent, if the client still sends.
   *
   * @param piece a part of the bytes that arrived at once, which stay in memory with it. Empty if the end brings no data: after
   *   trailers, and after a request of HEADERS only
   * @param isLast whether the client has sent everything; true once at most. `isRequestComplete` is then true already
   */
  readonly data: (stream: Stream<Call>, piece: Buffer, isLast: boolean) => void;
  /** Called once for each opened stream, when it has ended. */
  readonly closed: (stream: Stream<Call>) => void;
}
