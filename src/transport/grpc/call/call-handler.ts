/**
 * Serves the gRPC calls of one connection (gRPC over HTTP/2). A call whose message arrives whole is served with one record and
 * the functions of its connection.
 */
import type { Detail } from '../../../model/trace.ts';
import type { Clock } from '../../../runtime/time/clock.ts';
import type { Http2Connection } from '../http2/connection.ts';
import type { RequestHead, StreamHandler } from '../http2/stream.ts';
import {
  acceptedEncodings,
  createMessageReader,
  type MessageLimits,
  wholeMessage,
} from '../message/framing.ts';
import type { CompressedMessage, Inflations } from '../message/inflater.ts';
import { type CallFailure, grpcStatus } from '../status.ts';
import { beginCall, type Call, type CallStream, isUnserved, timeLeft } from './call.ts';
import { failureHead, httpStatusHead, httpStatusOf, okTrailers, responseHead } from './grpc-over-http2.ts';
import type { Method, RejectCause, StreamingMethod, UnaryResult } from './method.ts';
import { createResponseStream, type StreamBudget } from './response-stream.ts';

/** The dependencies of the calls of a connection. */
export interface CallHandlerDependencies {
  /** Returns the connection, which exists before its first call. */
  readonly connection: () => Http2Connection<Call>;
  /** The methods by path, such as `/grpc.health.v1.Health/Check`. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly limits: MessageLimits;
  readonly clock: Clock;
  /** The open streaming calls of this connection. */
  readonly streams: StreamBudget;
  /** The messages of this connection that are being decompressed. */
  readonly inflations: Inflations;
  /** Called when a part of a request has arrived, with the memory of the call in bytes. */
  readonly onProgress: (call: Call, bytes: number) => void;
  /** Called with the memory of a call, in bytes, when it may have changed. */
  readonly onHeld: (call: Call, bytes: number) => void;
}

/** The calls of a connection. */
export interface CallHandler extends StreamHandler<Call> {
  /** Responds to a request that is not served yet that it is overloaded, and ends the call. Otherwise does nothing. */
  readonly reject: (stream: CallStream) => void;
}

const encodings: ReadonlySet<string> = new Set(acceptedEncodings.split(','));
const nothing = Buffer.alloc(0);
const noTimeout = () => undefined;

/** Creates the handler of a connection. */
export function createCallHandler({
  connection,
  methods,
  limits,
  clock,
  streams,
  inflations,
  onProgress,
  onHeld,
}: CallHandlerDependencies): CallHandler {
  const respond = (stream: CallStream, head: Buffer, message?: Buffer, trailers?: Buffer) => {
    const { call } = stream;
    call.reader = undefined;
    call.state = 'answered';
    connection().respond(stream, head, message, trailers);
    const isUnread = !stream.isClosed;
    if (isUnread || call.heldBytes > 0) onHeld(call, isUnread ? connection().unsentBytes(stream) : 0);
  };
  const send = (stream: CallStream, result: UnaryResult) => {
    if (stream.isClosed) return;
    if ('status' in result) respond(stream, failureHead(result));
    else respond(stream, responseHead, result.frame, okTrailers);
  };
  const sendLater = (stream: CallStream, result: UnaryResult | Promise<UnaryResult>) => {
    if (result instanceof Promise) void result.then((settled) => send(stream, settled));
    else send(stream, result);
  };
  const reject = (
    stream: CallStream,
    cause: RejectCause,
    detail: Detail = { text: failures[cause].message },
  ) => {
    const { call } = stream;
    call.stop?.();
    call.state = 'serving';
    const soFar = call.reader?.soFar() ?? nothing;
    const rejected = call.method?.kind === 'unary' ? call.method.reject?.(cause, soFar, detail) : undefined;
    sendLater(stream, rejected ?? failures[cause]);
  };
  const fail = (stream: CallStream, failure: CallFailure) => {
    if (failure.status === grpcStatus.resourceExhausted) reject(stream, 'too_large', failure.detail);
    else send(stream, failure);
  };
  const openStream = (stream: CallStream, method: StreamingMethod, message: Buffer) => {
    const responses = streams.take(() => createResponseStream(connection(), stream));
    if (responses === undefined) return send(stream, failures.tooManyStreams);
    const stop = method.open(message, responses);
    stream.call.stop = () => {
      streams.give(responses);
      stop();
    };
    if (stream.isClosed) stream.call.stop();
  };
  const serve = (stream: CallStream, message: Buffer) => {
    const { call } = stream;
    call.state = 'serving';
    if (call.method?.kind === 'streaming') return openStream(stream, call.method, message);
    const left = stream.head.timeout === undefined ? noTimeout : () => timeLeft(stream, clock);
    if (call.method !== undefined) sendLater(stream, call.method.respond(message, left));
  };
  const inflate = (stream: CallStream, compressed: CompressedMessage) => {
    const { call } = stream;
    call.state = 'inflating';
    call.stop = inflations.add(compressed, (message) => {
      if (stream.isClosed || call.state !== 'inflating') return;
      if ('status' in message) return fail(stream, message);
      call.state = 'serving';
      call.reader = undefined;
      onHeld(call, message.length);
      serve(stream, message);
    });
  };
  /** Reads a part of a message that does not arrive whole, or needs more than reading. */
  const readPart = (stream: CallStream, piece: Buffer, isLast: boolean) => {
    const { call, head } = stream;
    call.reader ??= createMessageReader(
      head.encoding,
      limits,
      call.method?.kind === 'unary' ? call.method.fields : undefined,
    );
    const { add, heldBytes, finish } = call.reader;
    const failure = add(piece);
    if (failure !== undefined) return fail(stream, failure);
    onProgress(call, heldBytes());
    if (!isLast) return;
    const message = finish();
    if ('status' in message) fail(stream, message);
    else if ('encoding' in message) inflate(stream, message);
    else serve(stream, message);
  };

  return {
    opened: (stream) => {
      const { head } = stream;
      const method = methods.get(head.path);
      const call = beginCall(method, connection().heardAt());
      const refusal = refusalOf(head, method);
      if (refusal !== undefined) {
        call.state = 'answered';
        connection().respond(stream, refusal);
      }
      return call;
    },
    data: (stream, piece, isLast) => {
      const { call } = stream;
      if (call.state !== 'reading' || (piece.length === 0 && !isLast)) return;
      const message = isLast && call.reader === undefined ? wholeMessage(piece, limits.stored) : undefined;
      if (message === undefined) readPart(stream, piece, isLast);
      else serve(stream, message);
    },
    closed: ({ call }) => {
      call.reader = undefined;
      if (call.heldBytes > 0) onHeld(call, 0);
      call.stop?.();
    },
    reject: (stream) => {
      if (!stream.isClosed && isUnserved(stream.call)) reject(stream, 'overloaded');
    },
  };
}

/** The response to a request that no method serves; undefined for a call that is read. */
function refusalOf(head: RequestHead, method: Method | undefined): Buffer | undefined {
  const status = httpStatusOf(head);
  if (status !== undefined) return httpStatusHead(status);
  if (method === undefined) return failureHead(failures.unknownMethod);
  if (head.encoding !== undefined && !encodings.has(head.encoding))
    return failureHead(failures.unsupportedEncoding);
  return undefined;
}

const failures = {
  unknownMethod: { status: grpcStatus.unimplemented, message: 'unknown method' },
  unsupportedEncoding: { status: grpcStatus.unimplemented, message: 'the encoding is not supported' },
  too_large: { status: grpcStatus.resourceExhausted, message: 'the message is too large' },
  overloaded: {
    status: grpcStatus.unavailable,
    message: 'the request did not arrive or was not decompressed in time, or there was no memory for it',
  },
  tooManyStreams: { status: grpcStatus.resourceExhausted, message: 'too many calls of this kind are open' },
} as const satisfies Readonly<Record<string, CallFailure>>;
