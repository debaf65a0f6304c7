/** The request headers, response headers and trailers of gRPC over HTTP/2. */
import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { decisionHeader } from '../../../model/decision.ts';
import { acceptedEncodings, type Frame } from '../message/framing.ts';
import { type CallFailure, grpcStatus } from '../status.ts';

const contentType = 'application/grpc+proto';

/** The HTTP status for a request that is not a gRPC call; undefined for a gRPC call. */
export function httpStatusOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405;
  return headers['content-type']?.startsWith('application/grpc') === true ? undefined : 415;
}

const millisecondsPerUnit: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Reads `grpc-timeout`, such as `500m`, in milliseconds; undefined if it is absent or invalid. */
export function readTimeout(headers: IncomingHttpHeaders): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'])) ?? [];
  if (amount === undefined) return undefined;
  // Node's timers hold at most 31 bits of milliseconds.
  return Math.min(Number(amount) * (millisecondsPerUnit[unit] ?? 1), 2 ** 31 - 1);
}

const head = Object.freeze({ ':status': 200, 'content-type': contentType });
const withTrailers = Object.freeze({ waitForTrailers: true });
const okTrailers = Object.freeze({ 'grpc-status': grpcStatus.ok });

/**
 * Writes a response of one message.
 *
 * @param isRequestComplete whether the client has sent everything; if not, it is asked to stop
 */
export function writeUnary(stream: ServerHttp2Stream, { frame }: Frame, isRequestComplete: boolean): void {
  stream.respond(head, withTrailers);
  stream.once('wantTrailers', isRequestComplete ? sendOk : sendOkAndClose);
  stream.end(frame);
}

function sendOkAndClose(this: ServerHttp2Stream): void {
  sendOk.call(this);
  closeAfterResponse(this);
}

function sendOk(this: ServerHttp2Stream): void {
  if (!this.destroyed) this.sendTrailers(okTrailers);
}

/** Starts a response of any number of messages, followed by a status. */
export function writeHead(stream: ServerHttp2Stream, status: () => number): void {
  stream.respond(head, withTrailers);
  stream.once('wantTrailers', () => {
    if (!stream.destroyed) stream.sendTrailers({ 'grpc-status': status() });
  });
}

/** Ends a call with a failure, and asks the client to stop sending. */
export function writeFailure(stream: ServerHttp2Stream, { status, message, decision }: CallFailure): void {
  const headers = {
    ':status': 200,
    'content-type': contentType,
    'grpc-status': status,
    'grpc-message': encodeURIComponent(message),
    ...(decision !== undefined && { [decisionHeader]: decision }),
    ...(status === grpcStatus.unimplemented && { 'grpc-accept-encoding': acceptedEncodings }),
  };
  endWith(stream, headers);
}

/** Ends a request that is not a gRPC call. */
export function writeHttpStatus(stream: ServerHttp2Stream, status: number): void {
  endWith(stream, { ':status': status });
}

function endWith(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  stream.respond(headers, { endStream: true });
  closeAfterResponse(stream);
}

/** Asks the client to stop sending (RFC 9113 section 8.1), after the response was sent: an earlier reset would overtake it. */
function closeAfterResponse(stream: ServerHttp2Stream): void {
  setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
}
