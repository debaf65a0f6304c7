/** Sends checks over gRPC with node:http2 and Envoy's official protos, byte by byte if a test needs it. */
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { onTestFinished } from 'vitest';
import type { OfficialCheckResponse } from './grpc-client.ts';
import { grpcMessage } from './http2.ts';
import { officialCheck } from './official-protos.ts';

/** The result of a call. */
export interface CallEnd {
  /** `grpc-status`; undefined if the call was reset, or has none. */
  readonly grpc: string | undefined;
  /** The code and the reason of the response. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
  /** The HTTP status for the client; undefined if the request is allowed. */
  readonly httpStatus: string | number | undefined;
  /** The HTTP/2 error code of the stream; 0 without an error. */
  readonly reset: number;
}

/** An open call. */
export interface Call {
  readonly stream: ClientHttp2Stream;
  /** Whether the whole response has arrived. */
  readonly isAnswered: () => boolean;
  /** Resolves when its stream has closed. */
  readonly ended: Promise<CallEnd>;
}

/** Connects. The connection closes after the test. */
export function openSession(port: number, options: http2.ClientSessionOptions = {}): ClientHttp2Session {
  // The memory limit of the client is not under test.
  const session = http2.connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 4_000, ...options });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** Starts a call, and sends only the headers. */
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

/** A framed check with fields of AttributeContext.HttpRequest. */
export function checkMessage(http: object): Buffer {
  return grpcMessage(checkBytes(http));
}

/** A check without its frame. */
export function checkBytes(http: object): Buffer {
  return officialCheck.requestSerialize({
    attributes: { request: { http: { method: 'GET', path: '/', ...http } } },
  });
}

/** A framed message with the compressed flag. */
export function compressedMessage(bytes: Uint8Array): Buffer {
  const message = grpcMessage(bytes);
  message[0] = 1;
  return message;
}

function readAnswer(bytes: Buffer): OfficialCheckResponse | undefined {
  if (bytes.length < 5 || bytes.length - 5 < bytes.readUInt32BE(1)) return undefined;
  return officialCheck.responseDeserialize(bytes.subarray(5)) as OfficialCheckResponse;
}
