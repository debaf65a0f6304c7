/**
 * gRPC servers that check little or nothing, for comparison: `node grpc.ts grpc-js`, `node grpc.ts bare TRANSPORT` or
 * `node grpc.ts minimal TRANSPORT JWKS`. TRANSPORT is `node:http2`, or `own` for the HTTP/2 of this service.
 */
import http2, { type ServerHttp2Stream } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { okTrailers, responseHead, trailersOf } from '../../src/transport/grpc/call/grpc-over-http2.ts';
import { createHttp2Connection } from '../../src/transport/grpc/http2/connection.ts';
import { grpcMessage } from '../../test/support/http2.ts';
import { createMinimalVerifier, type IdentityHeaders } from './minimal.ts';

const names = ['user', 'email', 'groups', 'preferred-username'].map((name) => `x-auth-request-${name}`);
const prepared: IdentityHeaders = names.map((name) => [name, 'alice@example.com']);

const kinds: Record<string, (...args: readonly string[]) => Promise<number> | undefined> = {
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
  bare: (transport = '') => {
    const answer = messageOf(prepared);
    return transports[transport]?.(() => answer);
  },
  minimal: (transport = '', jwks = '{"keys":[]}') => {
    const answer = createMinimalVerifier(jwks, messageOf);
    return transports[transport]?.((message) => answer(tokenIn(message)));
  },
};

/** Answers a message; undefined fails the call with PERMISSION_DENIED. */
type AnswerTo = (message: Buffer) => Buffer | undefined;

const permissionDenied = 7;
const transports: Record<string, (answerTo: AnswerTo) => Promise<number>> = {
  'node:http2': onNodeHttp2,
  own: onOwnHttp2,
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

function onNodeHttp2(answerTo: AnswerTo): Promise<number> {
  const respond = (stream: ServerHttp2Stream, message: Buffer | undefined) => {
    const status = message === undefined ? permissionDenied : 0;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
    stream.end(message);
  };
  const server = http2.createServer({ settings: { maxConcurrentStreams: 256 } });
  server.on('stream', (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => respond(stream, answerTo(whole(chunks))));
  });
  return listening(server);
}

function onOwnHttp2(answerTo: AnswerTo): Promise<number> {
  const server = net.createServer((socket) => {
    const connection = createHttp2Connection<Buffer[]>({
      socket,
      clock: systemClock,
      onClosed: () => {},
      handler: {
        opened: () => [],
        data: (stream, piece, isLast) => {
          stream.call.push(piece);
          if (!isLast) return;
          const answer = answerTo(whole(stream.call));
          const trailers = answer === undefined ? trailersOf(permissionDenied) : okTrailers;
          connection.respond(stream, responseHead, answer, trailers);
        },
        closed: () => {},
      },
    });
  });
  return listening(server);
}

function whole(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}

function listening(server: net.Server | http2.Http2Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

const [kind = '', ...args] = process.argv.slice(2);
const port = await kinds[kind]?.(...args);
process.stdout.write(`${JSON.stringify({ listener: 'bare', port })}\n`);
