/** Calls that are answered more than once, and stay open: how many there may be, and where their answers go. */
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Frame } from '../message/framing.ts';
import { grpcStatus } from '../status.ts';
import { writeHead } from './grpc-over-http2.ts';

/** Where a method that answers more than once puts its answers. */
export interface AnswerStream {
  readonly send: (message: Frame) => void;
  /** Ends the call; what was sent stands. */
  readonly end: (status: number) => void;
}

/** The calls of one connection that stay open. */
export interface WatchBudget {
  /** Takes a place; undefined where there is none left. */
  readonly take: (make: () => AnswerStream) => AnswerStream | undefined;
  readonly give: (answers: AnswerStream) => void;
}

/** Calls that stay open, at most, on one connection and in all. A client has one for each server that it knows. */
const maxOfConnection = 16;
const maxOfAll = 1_000;

/** Answers that may wait to be read, in bytes; a caller that lets more wait does not want them. */
const maxUnread = 16 * 1024;

/**
 * Makes the budget of a connection.
 *
 * @param all the calls that are open on all connections, for whoever has to end them
 */
export function createWatchBudget(all: Set<AnswerStream>): WatchBudget {
  let own = 0;
  return {
    take: (make) => {
      if (own >= maxOfConnection || all.size >= maxOfAll) return undefined;
      const answers = make();
      own++;
      all.add(answers);
      return answers;
    },
    give: (answers) => {
      if (all.delete(answers)) own--;
    },
  };
}

/** The answers of a call that stays open. */
export function createAnswers(stream: ServerHttp2Stream): AnswerStream {
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
