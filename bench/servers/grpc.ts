/** gRPC servers that check little or nothing, for comparison: `node grpc.ts grpc-js|node:http2|minimal JWKS`. */
import http2, { type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { grpcMessage } from '../../test/support/http2.ts';
import { createMinimalVerifier, type IdentityHeaders } from './minimal.ts';

const names = ['user', 'email', 'groups', 'preferred-username'].map((name) => `x-auth-request-${name}`);
const prepared: IdentityHeaders = names.map((name) => [name, 'alice@example.com']);

const kinds: Record<string, () => Promise<number>> = {
  'grpc-js': () => {
    const folder = fileURLToPath(new URL('../../protos/', import.meta.url));
    const service = loadSync('external_auth.proto', { includeDirs: [folder], enums: String })[
      'envoy.service.auth.v3.Authorization'
    ];
    const headers = prepared.map(([key, value]) => ({ header: { key, value } }));
    const answer = { status: { code: 0 }, okResponse: { headers } };
    const server = new Server();
    server.addService(service as ServiceDefinition, {
      Check: (_: unknown, callback: (error: null, answer: unknown) => void) => callback(null, answer),
    });
    return new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
  },
  // Does not decode the request.
  'node:http2': () => {
    const answer = messageOf(prepared);
    return listen(() => answer);
  },
  minimal: () => {
    const answer = createMinimalVerifier(process.argv[3] ?? '{"keys":[]}', messageOf);
    return listen((message) => answer(tokenIn(message)));
  },
};

/** Writes an OkHttpResponse with headers, and its gRPC prefix. */
function messageOf(headers: IdentityHeaders): Buffer {
  const options = headers.map(([name, value]) => field(2, field(1, field(1, name) + field(2, value))));
  return grpcMessage(Buffer.from(field(3, options.join('')), 'latin1'));
}

/** A field with content, as text with one character for each byte. All texts of the benchmarks are ASCII. */
function field(number: number, content: string): string {
  const length = content.length;
  const lengthBytes = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return String.fromCharCode((number << 3) | 2, ...lengthBytes) + content;
}

/**
 * Finds the bearer token in the bytes of a CheckRequest. Nothing is decoded: the length of the header's value is in the two
 * bytes before it.
 */
function tokenIn(message: Buffer): string {
  const start = message.indexOf('Bearer ');
  if (start < 2) return '';
  const length = ((message[start - 2] ?? 0) & 0x7f) | ((message[start - 1] ?? 0) << 7);
  return message.toString('latin1', start + 'Bearer '.length, start + length);
}

/** Serves unary calls. A call without an answer fails with PERMISSION_DENIED. */
function listen(answerTo: (message: Buffer) => Buffer | undefined): Promise<number> {
  const respond = (stream: ServerHttp2Stream, message: Buffer | undefined) => {
    const status = message === undefined ? 7 : 0;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
    stream.end(message);
  };
  const server = http2.createServer({ settings: { maxConcurrentStreams: 256 } });
  server.on('stream', (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const [first = Buffer.alloc(0)] = chunks;
      respond(stream, answerTo(chunks.length === 1 ? first : Buffer.concat(chunks)));
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

const port = await kinds[process.argv[2] ?? '']?.();
process.stdout.write(`${JSON.stringify({ listener: 'bare', port })}\n`);
