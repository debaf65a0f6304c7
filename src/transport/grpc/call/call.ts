/** One gRPC call on an HTTP/2 stream (gRPC over HTTP/2): its request, its answer, its trailers. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../../../runtime/time/clock.ts';
import type { ConnectionGuard, GuardedCall } from '../connection/connection-guard.ts';
import type { MessageParts } from '../message/field-filter.ts';
import {
  acceptedEncodings,
  createMessageReader,
  type Frame,
  type MessageLimits,
  type MessageReader,
} from '../message/framing.ts';
import { type CallFailure, grpcStatus } from '../status.ts';
import { httpStatusOf, readTimeout, writeFailure, writeHttpStatus, writeUnary } from './grpc-over-http2.ts';
import { type AnswerStream, createAnswers, type WatchBudget } from './response-stream.ts';

/** What a unary call is answered with. */
export type UnaryAnswer = Frame | CallFailure;

/** Why a request was not taken: it is larger than it may be, or it did not arrive in time or found no room. */
export type NotTaken = 'too_large' | 'overloaded';

/** A method. */
export type Method = UnaryMethod | StreamingMethod;

/** A method with one answer. */
export interface UnaryMethod {
  readonly kind: 'unary';
  /** What is read of a request; undefined: all of it. */
  readonly parts?: MessageParts;
  /**
   * Answers; what it gives never rejects.
   *
   * @param timeLeft milliseconds in which the answer must be given; undefined where the caller does not say
   */
  readonly answer: (
    request: Buffer,
    timeLeft: () => number | undefined,
  ) => UnaryAnswer | Promise<UnaryAnswer>;
  /**
   * Answers a request that was not taken, where that is no failure of the call.
   *
   * @param soFar what has come of it, as a message
   */
  readonly refuse?: (why: NotTaken, soFar: Buffer) => UnaryAnswer | Promise<UnaryAnswer>;
}

/** A method that answers more than once. */
export interface StreamingMethod {
  readonly kind: 'streaming';
  /** @returns to be called when the caller has gone */
  readonly open: (request: Buffer, answers: AnswerStream) => () => void;
}

/** What a call needs of its surroundings. */
export interface CallContext {
  /** By path, e.g. `/grpc.health.v1.Health/Check`. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly limits: MessageLimits;
  readonly guard: ConnectionGuard;
  readonly clock: Clock;
  /** The streaming calls that are open on this connection. */
  readonly watches: WatchBudget;
}

/** Serves a call until its stream has closed. Never throws. */
export function serveCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  context: CallContext,
): void {
  const { methods, limits, guard, clock, watches } = context;
  const openedAt = clock.monotonic();
  const method = methods.get(headers[':path'] ?? '');
  let reader: MessageReader | undefined;
  let cancel: (() => void) | undefined;

  const answer = (given: UnaryAnswer) => {
    reader = undefined;
    if (call.heldBytes > 0) guard.callHolds(call, 0);
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    call.isAnswered = true;
    if ('status' in given) writeFailure(stream, given);
    else writeUnary(stream, given, call.isRequestComplete);
  };
  const give = (given: UnaryAnswer | Promise<UnaryAnswer>) => {
    if (given instanceof Promise) void given.then(answer);
    else answer(given);
  };
  const refuse = (why: NotTaken) => {
    const refused =
      method?.kind === 'unary' ? method.refuse?.(why, reader?.soFar() ?? Buffer.alloc(0)) : undefined;
    give(refused ?? failures[why]);
  };
  const call: GuardedCall = {
    isRequestComplete: false,
    quietLooks: 0,
    looks: 0,
    heldBytes: 0,
    isAnswered: false,
    unreadLooks: 0,
    timeLeft: () => timeLeftOf(headers, openedAt, clock),
    giveUp: () => {
      if (!call.isRequestComplete && !call.isAnswered) refuse('overloaded');
    },
    abandon: () => stream.close(constants.NGHTTP2_CANCEL),
  };
  const fail = (failure: CallFailure) => {
    if (failure.status === grpcStatus.resourceExhausted) refuse('too_large');
    else answer(failure);
  };
  const serve = (message: Buffer) => {
    if (method?.kind === 'unary') give(method.answer(message, call.timeLeft));
    else if (method?.kind === 'streaming') {
      const answers = watches.take(() => createAnswers(stream));
      if (answers === undefined) return answer(failures.tooManyWatches);
      const stop = method.open(message, answers);
      cancel = () => {
        watches.give(answers);
        stop();
      };
    }
  };

  guard.callOpened(call);
  stream.on('error', ignore);
  stream.on('close', () => {
    guard.callEnded(call);
    cancel?.();
  });

  const encoding = headers['grpc-encoding'];
  const refusedStatus = httpStatusOf(headers);
  if (refusedStatus !== undefined) {
    call.isAnswered = true;
    writeHttpStatus(stream, refusedStatus);
  } else if (method === undefined) answer(failures.noSuchMethod);
  else if (encoding !== undefined && !isAccepted(encoding)) answer(failures.noSuchEncoding);
  else {
    reader = createMessageReader(
      encoding === undefined ? undefined : String(encoding),
      limits,
      method.kind === 'unary' ? method.parts : undefined,
    );
    stream.on('data', (chunk: Buffer) => {
      if (reader === undefined) return;
      const failure = reader.add(chunk);
      if (failure !== undefined) fail(failure);
      else guard.callHolds(call, reader.heldBytes());
    });
    stream.on('end', () => {
      // A stream that was reset ends too, without its data.
      if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
      call.isRequestComplete = true;
      const message = reader?.finish();
      if (message === undefined) return;
      if ('status' in message) return fail(message);
      reader = undefined;
      serve(message);
    });
  }
}

function ignore(): void {}

const failures = {
  noSuchMethod: { status: grpcStatus.unimplemented, message: 'there is no such method' },
  noSuchEncoding: { status: grpcStatus.unimplemented, message: 'the encoding is not supported' },
  too_large: { status: grpcStatus.resourceExhausted, message: 'the message is too large' },
  overloaded: {
    status: grpcStatus.unavailable,
    message: 'the request did not arrive in time, or found no room',
  },
  tooManyWatches: { status: grpcStatus.resourceExhausted, message: 'too many calls of this kind are open' },
} as const satisfies Readonly<Record<string, CallFailure>>;

/** What is left of the caller's time for the way of the answer: a part of it and so many milliseconds at least, but never more than half. */
const reserve = { part: 0.1, least: 25, most: 0.5 } as const;

function timeLeftOf(headers: IncomingHttpHeaders, openedAt: number, clock: Clock): number | undefined {
  const timeout = readTimeout(headers);
  if (timeout === undefined) return undefined;
  const reserved = Math.min(timeout * reserve.most, Math.max(timeout * reserve.part, reserve.least));
  return openedAt + timeout - reserved - clock.monotonic();
}

function isAccepted(encoding: string | string[]): boolean {
  return acceptedEncodings.split(',').includes(String(encoding));
}
