/** One gRPC call on an HTTP/2 stream (gRPC over HTTP/2): its request, its answer, its trailers. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import type { ConnectionGuard, GuardedCall } from './guard.ts';
import { acceptedEncodings, createMessageReader, type Frame } from './message.ts';
import { type CallFailure, grpcStatus } from './status.ts';
import { httpStatusOf, readTimeout, writeFailure, writeHead, writeHttpStatus, writeUnary } from './wire.ts';

/** What a unary call is answered with. */
export type UnaryAnswer = Frame | CallFailure;

/** Where a method that answers more than once puts its answers. */
export interface AnswerStream {
  readonly send: (message: Frame) => void;
  /** Ends the call; what was sent stands. */
  readonly end: (status: number) => void;
}

/** A method. */
export type Method =
  | { readonly kind: 'unary'; readonly answer: (request: Buffer) => UnaryAnswer | Promise<UnaryAnswer> }
  | {
      readonly kind: 'streaming';
      /** @returns to be called when the caller has gone */
      readonly open: (request: Buffer, answers: AnswerStream) => () => void;
    };

/** What a call needs of its surroundings. */
export interface CallContext {
  /** By path, e.g. `/grpc.health.v1.Health/Check`. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly maxMessageBytes: number;
  readonly guard: ConnectionGuard;
  readonly clock: Clock;
  /** The streaming calls that are open, for whoever has to end them. */
  readonly openAnswers: Set<AnswerStream>;
}

/** Serves a call until its stream has closed. Never throws. */
export function serveCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  context: CallContext,
): void {
  const { methods, maxMessageBytes, guard, clock, openAnswers } = context;
  const call: GuardedCall = {
    openedAt: clock.monotonic(),
    isRequestComplete: false,
    heldBytes: 0,
    answeredAt: undefined,
  };
  let cancel: (() => void) | undefined;

  const answer = (given: UnaryAnswer) => {
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    call.answeredAt = clock.monotonic();
    if ('status' in given) writeFailure(stream, given);
    else writeUnary(stream, given);
  };
  const serve = (method: Method, message: Buffer) => {
    if (method.kind === 'unary') {
      const given = method.answer(message);
      if (given instanceof Promise) settle(given, readTimeout(headers), clock, answer);
      else answer(given);
      return;
    }
    const answers = createAnswers(stream);
    const stop = method.open(message, answers);
    openAnswers.add(answers);
    cancel = () => {
      openAnswers.delete(answers);
      stop();
    };
  };

  guard.callOpened(call);
  stream.on('error', ignore);
  stream.on('close', () => {
    guard.callEnded(call);
    cancel?.();
  });

  const method = methods.get(headers[':path'] ?? '');
  const encoding = headers['grpc-encoding'];
  const refusedStatus = httpStatusOf(headers);
  if (refusedStatus !== undefined) writeHttpStatus(stream, refusedStatus);
  else if (method === undefined) answer(noSuchMethod);
  else if (encoding !== undefined && !isAccepted(encoding)) answer(noSuchEncoding);
  else {
    const reader = createMessageReader(
      encoding === undefined ? undefined : String(encoding),
      maxMessageBytes,
    );
    stream.on('data', (chunk: Buffer) => {
      const failure = reader.add(chunk);
      if (failure !== undefined) answer(failure);
      else guard.callHolds(call, reader.heldBytes());
    });
    stream.on('end', () => {
      // A stream that was reset ends too, without its data.
      if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
      call.isRequestComplete = true;
      guard.callHolds(call, 0);
      const message = reader.finish();
      if ('status' in message) answer(message);
      else serve(method, message);
    });
  }
}

function ignore(): void {}

const noSuchMethod: CallFailure = { status: grpcStatus.unimplemented, message: 'there is no such method' };
const noSuchEncoding: CallFailure = {
  status: grpcStatus.unimplemented,
  message: 'the encoding is not supported',
};
const methodFailed: CallFailure = { status: grpcStatus.internal, message: 'the method failed' };
const deadlinePassed: CallFailure = {
  status: grpcStatus.deadlineExceeded,
  message: 'the deadline has passed',
};

function isAccepted(encoding: string | string[]): boolean {
  return acceptedEncodings.split(',').includes(String(encoding));
}

/** Waits for an answer no longer than the caller does. */
function settle(
  given: Promise<UnaryAnswer>,
  timeout: number | undefined,
  clock: Clock,
  answer: (given: UnaryAnswer) => void,
): void {
  const settled = given.catch(() => methodFailed);
  const inTime =
    timeout === undefined ? settled : withDeadline(settled, timeout, clock, () => deadlinePassed);
  void inTime.then(answer);
}

function createAnswers(stream: ServerHttp2Stream): AnswerStream {
  let status: number = grpcStatus.ok;
  const isGone = () => stream.destroyed || stream.closed || stream.writableEnded;
  const begin = () => {
    if (!stream.headersSent) writeHead(stream, () => status);
  };
  return {
    send: (message) => {
      if (isGone()) return;
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
