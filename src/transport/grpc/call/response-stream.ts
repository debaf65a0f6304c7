/** Responses of streaming calls, and the limits of open ones. */
import type { Http2Connection } from '../http2/connection.ts';
import { errorCode } from '../http2/error-code.ts';
import { grpcStatus } from '../status.ts';
import type { Call, CallStream } from './call.ts';
import { responseHead, trailersOf } from './grpc-over-http2.ts';
import type { ResponseStream } from './method.ts';

/** Limits the open streaming calls of a connection. */
export interface StreamBudget {
  /** Creates a stream; undefined at the limit, and after `close`. */
  readonly take: (create: () => ResponseStream) => ResponseStream | undefined;
  /** Returns a stream that has ended. */
  readonly give: (responses: ResponseStream) => void;
  /** Ends all streams of the connection. */
  readonly close: () => void;
}

/** Maximum number of open streaming calls, per connection and in total. A client needs one per server. */
const maxOfConnection = 16;
const maxOfAll = 1_000;

/** Maximum number of unread bytes of responses. Beyond it, the call is canceled. */
const maxUnread = 16 * 1024;

/**
 * Creates the budget of a connection.
 *
 * @param all the open streams of all connections
 */
export function createStreamBudget(all: Set<ResponseStream>): StreamBudget {
  const own = new Set<ResponseStream>();
  let isClosed = false;
  return {
    take: (create) => {
      if (isClosed || own.size >= maxOfConnection || all.size >= maxOfAll) return undefined;
      const responses = create();
      own.add(responses);
      all.add(responses);
      return responses;
    },
    give: (responses) => {
      own.delete(responses);
      all.delete(responses);
    },
    close: () => {
      isClosed = true;
      for (const responses of own) responses.end(grpcStatus.unavailable);
    },
  };
}

/** Creates the responses of a streaming call. */
export function createResponseStream(connection: Http2Connection<Call>, stream: CallStream): ResponseStream {
  const isGone = () => stream.isClosed || stream.call.state === 'answered';
  const begin = () => {
    if (!stream.hasResponse) connection.start(stream, responseHead);
  };
  return {
    send: ({ frame }) => {
      if (isGone()) return;
      if (connection.unsentBytes(stream) > maxUnread) return connection.reset(stream, errorCode.cancel);
      begin();
      connection.send(stream, frame);
    },
    end: (status) => {
      if (isGone()) return;
      begin();
      stream.call.state = 'answered';
      connection.finish(stream, trailersOf(status));
    },
  };
}
