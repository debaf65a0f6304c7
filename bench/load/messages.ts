/** Prepared requests, as bytes on the wire. */
import { firstEnvoyBlock, nextEnvoyBlock } from '../../test/support/envoy-header-blocks.ts';
import { flag, frame, frameType, grpcMessage } from '../../test/support/http2.ts';
import { officialCheck } from '../../test/support/official-protos.ts';

/** The protocol of a load. */
export type Protocol = 'http' | 'grpc';

/** Encodes a check over HTTP/1.1 as Envoy sends it; without a token, the header is missing. */
export function httpRequest(token: string | undefined): Buffer {
  return httpRequestWith(token === undefined ? [] : [`authorization: Bearer ${token}`]);
}

/** Encodes a check over HTTP/1.1 as Envoy sends it, with the header lines of a credential. */
export function httpRequestWith(credential: readonly string[]): Buffer {
  const lines = [
    'GET /orders/1?x=1 HTTP/1.1',
    'host: orders.example.com',
    'content-length: 0',
    ...credential,
    'x-request-id: 3f2c9a10-7f5e-4f0a-9c1b-2f6f3f2c9a10',
    'x-forwarded-for: 10.0.0.1',
    'x-envoy-internal: true',
    'x-envoy-expected-rq-timeout-ms: 2000',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Encodes a CheckRequest as Envoy sends it, with its frame. */
export function grpcRequest(token: string | undefined): Buffer {
  const headers = {
    ':method': 'GET',
    ':path': '/orders/1?x=1',
    ':authority': 'orders.example.com',
    ':scheme': 'https',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    'x-request-id': '3f2c9a10-7f5e-4f0a-9c1b-2f6f3f2c9a10',
    'user-agent': 'curl/8',
    accept: '*/*',
    'x-forwarded-proto': 'https',
  };
  const http = {
    id: '1',
    method: 'GET',
    path: '/orders/1?x=1',
    host: 'orders.example.com',
    protocol: 'HTTP/1.1',
    headers,
  };
  return grpcMessage(officialCheck.requestSerialize({ attributes: { request: { http } } }));
}

const prefaceOf = () => {
  const window = Buffer.alloc(4);
  window.writeUInt32BE(0x3fff_ffff);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(frameType.settings, 0, 0),
    frame(frameType.settings, flag.ack, 0),
    frame(frameType.windowUpdate, 0, 0, window),
  ]);
};

/** The connection preface of an HTTP/2 client. */
export const preface = prefaceOf();

/** Encodes a call on a stream. The first call of a connection must be on stream 1. */
export function grpcCall(stream: number, message: Buffer): Buffer {
  return Buffer.concat([
    frame(frameType.headers, flag.endHeaders, stream, stream === 1 ? firstEnvoyBlock : nextEnvoyBlock),
    frame(frameType.data, flag.endStream, stream, message),
  ]);
}

const ping = frameType.ping;

/** Encodes the answer to a PING frame. */
export function pingAnswer(payload: Buffer): Buffer {
  return frame(ping, flag.ack, 0, payload);
}
