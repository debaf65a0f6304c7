/** The limit of an HTTP answer: Node's own server, or fastify, with nothing to decide. */
import http from 'node:http';
import { fastify } from 'fastify';
import { otherSpellings } from '../../src/config/header-names.ts';

/** What the check under measurement answers. */
const answer = {
  'x-auth-request-user': 'alice',
  'x-envoy-auth-headers-to-remove': [
    'x-auth-request-email',
    'x-auth-request-groups',
    'x-auth-request-preferred-username',
  ]
    .concat(
      ['user', 'email', 'groups', 'preferred-username'].flatMap((name) =>
        otherSpellings(`x-auth-request-${name}`),
      ),
    )
    .join(','),
};

const kinds: Record<string, () => Promise<number>> = {
  'node:http': async () => {
    const server = http.createServer((_, response) => {
      response.writeHead(200, ['content-length', '0']);
      response.end();
    });
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
  },
  // The first example of its documentation.
  'hello world': async () => {
    const app = fastify();
    app.get('/*', (_, reply) => reply.send({ hello: 'world' }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return portOf(app.server);
  },
  empty: async () => {
    const app = fastify();
    app.get('/*', (_, reply) => reply.send());
    await app.listen({ host: '127.0.0.1', port: 0 });
    return portOf(app.server);
  },
  'same answer': async () => {
    const app = fastify();
    app.get('/*', (_, reply) => reply.headers(answer).send());
    await app.listen({ host: '127.0.0.1', port: 0 });
    return portOf(app.server);
  },
  hijacked: async () => {
    const app = fastify({ rewriteUrl: () => '/' });
    app.addHook('onRequest', (_, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, ['content-length', '0']);
      reply.raw.end();
    });
    app.all('/', () => {});
    await app.listen({ host: '127.0.0.1', port: 0 });
    return portOf(app.server);
  },
};

function portOf(server: http.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const start = kinds[process.argv[2] ?? ''];
process.stdout.write(`${JSON.stringify({ listener: 'bare', port: await start?.() })}\n`);
