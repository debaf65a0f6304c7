/** Checks over gRPC, byte by byte where a test wants it: by node:http2 alone, with Envoy's official protos. */
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { onTestFinished } from 'vitest';
import type { OfficialCheckResponse } from './grpc-client.ts';
import { grpcMessage } from './http2.ts';
import { officialCheck } from './official-protos.ts';

/** How a call ended. */
export interface CallEnd {
  /** `grpc-status`; undefined where the call was reset, or has none. */
  readonly grpc: string | undefined;
  /** What the answer says: its code, and its reason. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
  /** The status that the downstream is given; undefined where it is let in. */
  readonly httpStatus: string | number | undefined;
  /** The error code of HTTP/2 that the stream ended with; 0 where all is well. */
  readonly reset: number;
}

/** A call that is under way. */
export interface Call {
  readonly stream: ClientHttp2Stream;
  /** Whether the answer has come whole. */
  readonly isAnswered: () => boolean;
  /** When its stream has closed. */
  readonly ended: Promise<CallEnd>;
}

/** Connects; the connection ends with the test. */
export function openSession(port: number, options: http2.ClientSessionOptions = {}): ClientHttp2Session {
  // The client's own bound on memory is none of what is tested.
  const session = http2.connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 4_000, ...options });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** Begins a call, of which nothing but the headers has been sent. */
export function beginCall(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): Call {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/envoy.service.auth.v3.Authorization/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const isCheck = headers[':path'] === undefined;
  const chunks: Buffer[] = [];
  let grpc: string | undefined;
  let isAnswered = false;
  const take = (more: http2.IncomingHttpHeaders) => {
    if (more['grpc-status'] === undefined) return;
    grpc = String(more['grpc-status']);
    isAnswered = true;
  };
  stream
    .on('response', take)
    .on('trailers', take)
    .on('error', () => {});
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<CallEnd>((resolve) => {
    stream.on('close', () => {
      const answer = isCheck ? readAnswer(Buffer.concat(chunks)) : undefined;
      resolve({
        grpc,
        reset: stream.rstCode ?? 0,
        code: answer?.status?.code,
        reason: answer?.dynamicMetadata?.fields?.reason?.stringValue as string | undefined,
        httpStatus: answer?.deniedResponse?.status?.code,
      });
    });
  });
  return { stream, ended, isAnswered: () => isAnswered };
}

/** Makes a whole call. */
export function makeCall(
  session: ClientHttp2Session,
  message: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<CallEnd> {
  const { stream, ended } = beginCall(session, headers);
  stream.end(message);
  return ended;
}

/** A check in its frame, of the fields of AttributeContext.HttpRequest. */
export function checkMessage(http: object): Buffer {
  return grpcMessage(checkBytes(http));
}

/** A check without its frame. */
export function checkBytes(http: object): Buffer {
  return officialCheck.requestSerialize({
    attributes: { request: { http: { method: 'GET', path: '/', ...http } } },
  });
}

/** A message in its frame, marked as compressed. */
export function compressedMessage(bytes: Uint8Array): Buffer {
  const message = grpcMessage(bytes);
  message[0] = 1;
  return message;
}

function readAnswer(bytes: Buffer): OfficialCheckResponse | undefined {
  if (bytes.length < 5 || bytes.length - 5 < bytes.readUInt32BE(1)) return undefined;
  return officialCheck.responseDeserialize(bytes.subarray(5)) as OfficialCheckResponse;
}
