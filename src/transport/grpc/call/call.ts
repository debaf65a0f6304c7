/** Serves one gRPC call on an HTTP/2 stream (gRPC over HTTP/2). */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Detail } from '../../../model/trace.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import type { ConnectionGuard, GuardedCall } from '../connection/connection-guard.ts';
import type { FieldSelection } from '../message/field-filter.ts';
import {
  acceptedEncodings,
  createMessageReader,
  type Frame,
  type MessageLimits,
  type MessageReader,
} from '../message/framing.ts';
import { type CallFailure, grpcStatus } from '../status.ts';
import { httpStatusOf, readTimeout, writeFailure, writeHttpStatus, writeUnary } from './grpc-over-http2.ts';
import { createResponseStream, type ResponseStream, type StreamBudget } from './response-stream.ts';

/** The result of a unary call. */
export type UnaryResult = Frame | CallFailure;

/** Why a request was rejected: it is too large; or it did not arrive in time, or there was no memory for it. */
export type RejectCause = 'too_large' | 'overloaded';

/** A method. */
export type Method = UnaryMethod | StreamingMethod;

/** A method with one response. */
export interface UnaryMethod {
  readonly kind: 'unary';
  /** The fields that are read of a request; undefined for all. */
  readonly fields?: FieldSelection;
  /**
   * Responds to a request. Its promise never rejects.
   *
   * @param timeLeft milliseconds until the response must be sent; undefined if the call has no timeout
   */
  readonly respond: (
    request: Buffer,
    timeLeft: () => number | undefined,
  ) => UnaryResult | Promise<UnaryResult>;
  /**
   * Responds to a rejected request. Without it, the call fails.
   *
   * @param soFar the fields that have arrived, as a message
   * @param detail why, for the operator
   */
  readonly reject?: (cause: RejectCause, soFar: Buffer, detail: Detail) => UnaryResult | Promise<UnaryResult>;
}

/** A method with any number of responses. */
export interface StreamingMethod {
  readonly kind: 'streaming';
  /** @returns a function to call when the call has ended */
  readonly open: (request: Buffer, responses: ResponseStream) => () => void;
}

/** The dependencies of a call. */
export interface CallContext {
  /** The methods by path, such as `/grpc.health.v1.Health/Check`. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly limits: MessageLimits;
  readonly guard: ConnectionGuard;
  readonly clock: Clock;
  /** The open streaming calls of this connection. */
  readonly streams: StreamBudget;
}

/** Serves a call until its stream closes. Never throws. */
export function serveCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  context: CallContext,
): void {
  const { methods, limits, guard, clock, streams } = context;
  const openedAt = clock.monotonic();
  const method = methods.get(headers[':path'] ?? '');
  let reader: MessageReader | undefined;
  let cancel: (() => void) | undefined;

  const send = (result: UnaryResult) => {
    reader = undefined;
    if (call.heldBytes > 0) guard.callHolds(call, 0);
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    call.isAnswered = true;
    if ('status' in result) writeFailure(stream, result);
    else writeUnary(stream, result, call.isRequestComplete);
  };
  const sendLater = (result: UnaryResult | Promise<UnaryResult>) => {
    if (result instanceof Promise) void result.then(send);
    else send(result);
  };
  const reject = (cause: RejectCause, detail: Detail = { text: failures[cause].message }) => {
    const soFar = () => reader?.soFar() ?? Buffer.alloc(0);
    const rejected = method?.kind === 'unary' ? method.reject?.(cause, soFar(), detail) : undefined;
    sendLater(rejected ?? failures[cause]);
  };
  const call: GuardedCall = {
    isRequestComplete: false,
    quietSweeps: 0,
    sweeps: 0,
    heldBytes: 0,
    isAnswered: false,
    unreadSweeps: 0,
    timeLeft: () => timeLeftOf(headers, openedAt, clock),
    reject: () => {
      if (!call.isRequestComplete && !call.isAnswered) reject('overloaded');
    },
    cancel: () => stream.close(constants.NGHTTP2_CANCEL),
  };
  const fail = (failure: CallFailure) => {
    if (failure.status === grpcStatus.resourceExhausted) reject('too_large', failure.detail);
    else send(failure);
  };
  const serve = (message: Buffer) => {
    if (method?.kind === 'unary') sendLater(method.respond(message, call.timeLeft));
    else if (method?.kind === 'streaming') {
      const responses = streams.take(() => createResponseStream(stream));
      if (responses === undefined) return send(failures.tooManyStreams);
      const stop = method.open(message, responses);
      cancel = () => {
        streams.give(responses);
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
  const httpStatus = httpStatusOf(headers);
  if (httpStatus !== undefined) {
    call.isAnswered = true;
    writeHttpStatus(stream, httpStatus);
  } else if (method === undefined) send(failures.unknownMethod);
  else if (encoding !== undefined && !isAccepted(encoding)) send(failures.unsupportedEncoding);
  else {
    reader = createMessageReader(
      encoding === undefined ? undefined : String(encoding),
      limits,
      method.kind === 'unary' ? method.fields : undefined,
    );
    stream.on('data', (chunk: Buffer) => {
      if (reader === undefined) return;
      const failure = reader.add(chunk);
      if (failure !== undefined) fail(failure);
      else guard.callHolds(call, reader.heldBytes());
    });
    stream.on('end', () => {
      // A stream also ends after a reset, without all of its data.
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
  unknownMethod: { status: grpcStatus.unimplemented, message: 'unknown method' },
  unsupportedEncoding: { status: grpcStatus.unimplemented, message: 'the encoding is not supported' },
  too_large: { status: grpcStatus.resourceExhausted, message: 'the message is too large' },
  overloaded: {
    status: grpcStatus.unavailable,
    message: 'the request did not arrive in time, or there was no memory for it',
  },
  tooManyStreams: { status: grpcStatus.resourceExhausted, message: 'too many calls of this kind are open' },
} as const satisfies Readonly<Record<string, CallFailure>>;

/** The part of the client's timeout that is reserved for sending the response: 10 %, at least 25 ms, at most half. */
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
