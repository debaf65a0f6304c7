/** gRPC servers that check nothing, for comparison: `node grpc.ts grpc-js|node:http2`. */
import http2, { type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { writeOk } from '../../src/transport/grpc/check/check-response.ts';
import { frameMessage } from '../../src/transport/grpc/message/framing.ts';

const names = ['user', 'email', 'groups', 'preferred-username'].map((name) => `x-auth-request-${name}`);

const kinds: Record<string, () => Promise<number>> = {
  'grpc-js': () => {
    const folder = fileURLToPath(new URL('../../protos/', import.meta.url));
    const service = loadSync('external_auth.proto', { includeDirs: [folder], enums: String })[
      'envoy.service.auth.v3.Authorization'
    ];
    const headers = names.map((key) => ({ header: { key, value: 'alice@example.com' } }));
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
    const headers = names.map((name) => [name, 'alice@example.com'] as const);
    const { frame } = frameMessage(writeOk({ code: 0, headers, removals: '', metadata: {} }));
    const answer = (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }));
      stream.end(frame);
    };
    const server = http2.createServer({ settings: { maxConcurrentStreams: 256 } });
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {});
      stream.on('data', () => {});
      stream.on('end', () => answer(stream));
    });
    return new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
  },
};

const port = await kinds[process.argv[2] ?? '']?.();
process.stdout.write(`${JSON.stringify({ listener: 'bare', port })}\n`);
