/** HTTP servers for comparison: `node http.ts fastify|minimal JWKS`. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { fastify } from 'fastify';
import { createMinimalVerifier } from './minimal.ts';

const kinds: Record<string, () => Promise<number>> = {
  // The first example of its documentation.
  fastify: async () => {
    const app = fastify();
    app.get('/*', (_, reply) => reply.send({ hello: 'world' }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return portOf(app.server);
  },
  minimal: () => listen(http.createServer(minimal(process.argv[3] ?? '{"keys":[]}'))),
};

function minimal(jwks: string): (message: IncomingMessage, response: ServerResponse) => void {
  const answer = createMinimalVerifier(jwks, (headers) => [...headers.flat(), 'content-length', '0']);
  return (message, response) => {
    const headers = answer(message.headers.authorization?.slice('Bearer '.length) ?? '');
    if (headers === undefined) response.writeHead(401, ['content-length', '0']);
    else response.writeHead(200, headers);
    response.end();
  };
}

function listen(server: http.Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
}

function portOf(server: http.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const start = kinds[process.argv[2] ?? ''];
process.stdout.write(`${JSON.stringify({ listener: 'bare', port: await start?.() })}\n`);
