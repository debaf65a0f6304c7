/** Responses of streaming calls, and the limits of open ones. */
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Frame } from '../message/framing.ts';
import { grpcStatus } from '../status.ts';
import { writeHead } from './grpc-over-http2.ts';

/** The responses of a streaming call. */
export interface ResponseStream {
  readonly send: (message: Frame) => void;
  /** Ends the call after the responses that were sent. */
  readonly end: (status: number) => void;
}

/** Limits the open streaming calls of a connection. */
export interface StreamBudget {
  /** Creates a stream; undefined at the limit. */
  readonly take: (create: () => ResponseStream) => ResponseStream | undefined;
  /** Returns a stream that has ended. */
  readonly give: (responses: ResponseStream) => void;
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
  let own = 0;
  return {
    take: (create) => {
      if (own >= maxOfConnection || all.size >= maxOfAll) return undefined;
      const responses = create();
      own++;
      all.add(responses);
      return responses;
    },
    give: (responses) => {
      if (all.delete(responses)) own--;
    },
  };
}

/** Creates the responses of a streaming call. */
export function createResponseStream(stream: ServerHttp2Stream): ResponseStream {
  let status: number = grpcStatus.ok;
  const isGone = () => stream.destroyed || stream.closed || stream.writableEnded;
  const begin = () => {
    if (!stream.headersSent) writeHead(stream, () => status);
  };
  return {
    send: (message) => {
      if (isGone()) return;
      if (stream.writableLength > maxUnread) return stream.close(constants.NGHTTP2_CANCEL);
      begin();
      stream.write(message.frame);
    },
    end: (finalStatus) => {
      if (isGone()) return;
      status = finalStatus;
      begin();
      stream.end();
    },
  };
}
