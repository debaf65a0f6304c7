/** The limit of a gRPC answer: the same unary call on grpc-js, or on node:http2, with nothing to decide. */
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { writeOk } from '../../src/grpc/check-response.ts';
import { frameMessage } from '../../src/grpc/message.ts';
import { createGrpcServer } from '../../src/grpc/server.ts';
import { systemClock } from '../../src/time/clock.ts';

const response = {
  status: { code: 0 },
  okResponse: {
    headers: ['user', 'email', 'groups', 'preferred-username'].map((name) => ({
      header: { key: `x-auth-request-${name}`, value: 'alice@example.com' },
      append: { value: false as const },
      appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' as const,
    })),
    headersToRemove: [],
  },
  dynamicMetadata: { fields: {} },
};

const kinds: Record<string, () => Promise<number>> = {
  'grpc-js': () => {
    const folder = fileURLToPath(new URL('../../protos/', import.meta.url));
    const service = loadSync('external_auth.proto', { includeDirs: [folder], enums: String })[
      'envoy.service.auth.v3.Authorization'
    ];
    const server = new Server();
    server.addService(service as ServiceDefinition, {
      Check: (_: unknown, callback: (error: null, answer: unknown) => void) => callback(null, response),
    });
    return new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
  },
  'node:http2': async () => {
    const message = writeOk({
      code: 0,
      headers: response.okResponse.headers.map(({ header }) => [header.key, header.value]),
      headersToRemove: [],
      metadata: {},
    });
    const server = createGrpcServer({
      options: { enabled: true, host: '127.0.0.1', port: 0 },
      maxMessageBytes: 256 * 1024,
      authorizer: () => ({
        check: () => ({ outcome: 'error', reason: 'internal_error' }),
        toResponse: () => frameMessage(message),
      }),
      health: { isServing: () => true, onChange: () => () => {} },
      clock: systemClock,
      onTlsReload: () => {},
    });
    return (await server.start()).port;
  },
};

const port = await kinds[process.argv[2] ?? '']?.();
process.stdout.write(`${JSON.stringify({ listener: 'bare', port })}\n`);
