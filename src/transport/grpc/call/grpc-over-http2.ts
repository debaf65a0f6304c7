/** The request headers, response headers and trailers of gRPC over HTTP/2. */
import { decisionHeader } from '../../../model/decision.ts';
import { encodeHeaders } from '../http2/hpack/encoder.ts';
import type { Field } from '../http2/hpack/field.ts';
import type { RequestHead } from '../http2/stream.ts';
import { acceptedEncodings } from '../message/framing.ts';
import { type CallFailure, grpcStatus } from '../status.ts';

/** The HTTP status for a request that is not a gRPC call; undefined for a gRPC call. */
export function httpStatusOf({ method, contentType }: RequestHead): 405 | 415 | undefined {
  if (method !== 'POST') return 405;
  return contentType?.startsWith('application/grpc') === true ? undefined : 415;
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
export function readTimeout(timeout: string | undefined): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(timeout ?? '') ?? [];
  if (amount === undefined) return undefined;
  // Node's timers hold at most 31 bits of milliseconds.
  return Math.min(Number(amount) * (millisecondsPerUnit[unit] ?? 1), 2 ** 31 - 1);
}

const responseFields: readonly Field[] = [
  [':status', '200'],
  ['content-type', 'application/grpc+proto'],
];

/** The header block of a response with messages. */
export const responseHead = encodeHeaders(responseFields);

/** The trailers of a call that succeeded. */
export const okTrailers = trailersOf(grpcStatus.ok);

/** The trailers with a status. */
export function trailersOf(status: number): Buffer {
  return encodeHeaders([['grpc-status', String(status)]]);
}

/** The header block of a response that only says why the call fails. */
export function failureHead({ status, message, decision }: CallFailure): Buffer {
  return encodeHeaders([
    ...responseFields,
    ['grpc-status', String(status)],
    ['grpc-message', encodeURIComponent(message)],
    ...(decision === undefined ? [] : [[decisionHeader, decision] as const]),
    ...(status === grpcStatus.unimplemented ? [['grpc-accept-encoding', acceptedEncodings] as const] : []),
  ]);
}

/** The header block of the response to a request that is not a gRPC call. */
export function httpStatusHead(status: number): Buffer {
  return encodeHeaders([[':status', String(status)]]);
}
