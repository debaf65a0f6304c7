/** The routes of the admin listener over real connections. */
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { TlsFiles } from '../../../src/config/declare/options.ts';
import { type AdminRoute, jsonResponse } from '../../../src/transport/admin/route.ts';
import { createAdminServer } from '../../../src/transport/admin/server.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createTestClock } from '../../support/clock.ts';

interface Options {
  readonly routes?: readonly AdminRoute[];
  readonly token?: string;
  readonly tls?: TlsFiles;
}

/** Starts an admin listener with a guarded route that returns the request. */
async function startServer({ routes = [echo('GET', '/secret')], token, tls }: Options = {}) {
  const defects: unknown[] = [];
  const server = createAdminServer({
    options: { host: '127.0.0.1', port: 0, tls, tokenFile: undefined, console: { enabled: false } },
    readiness: () => ({
      ready: true,
      draining: false,
      issuers: [],
      problems: [],
      sessionKeys: [],
      shadow: { tried: false, authorizer: undefined },
    }),
    metrics: { contentType: 'text/plain', scrape: () => Promise.resolve('# metrics\n') },
    routes,
    token: () => token,
    clock: createTestClock(),
    onTlsReload: () => {},
    onRejected: () => {},
    onDefect: (error) => defects.push(error),
  });
  const { port } = await server.start();
  onTestFinished(() => server.close(0));
  return { port, defects, ask: (lines: readonly string[], body?: string) => ask(port, lines, body) };
}

function echo(method: AdminRoute['method'], path: string): AdminRoute {
  return {
    method,
    path,
    guarded: true,
    handle: (request) =>
      jsonResponse(200, { path: request.path, query: [...request.query], body: request.body.toString() }),
  };
}

/** Sends a request over a plain connection, and reads the response to its end. */
async function ask(port: number, lines: readonly string[], body = '') {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n${body}`);
  const [head = '', content = ''] = (await text(socket)).split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, content };
}

test('a guarded route answers a request for a loopback name, with its path and query', async () => {
  const { port, ask } = await startServer();
  const { status, head, content } = await ask(['GET /secret?a=1&b=%20 HTTP/1.1', `host: localhost:${port}`]);
  expect([status, JSON.parse(content)]).toEqual([
    200,
    {
      path: '/secret',
      query: [
        ['a', '1'],
        ['b', ' '],
      ],
      body: '',
    },
  ]);
  expect(head).toContain('cache-control: no-store');
  expect(head).toContain('x-content-type-options: nosniff');
});

test('a request for another name is denied, and the response says how to get access', async () => {
  const { ask } = await startServer();
  const { status, content } = await ask(['GET /secret HTTP/1.1', 'host: evil.example']);
  expect(status).toBe(403);
  for (const way of ['kubectl port-forward', 'admin.tokenFile', 'admin.tls.clientCaFile'])
    expect(content).toContain(way);
});

test.each([
  'x-forwarded-for: 127.0.0.1',
  'x-forwarded-proto: http',
  'forwarded: for=127.0.0.1',
  'via: 1.1 x',
])('a forwarded request is denied: %s', async (line) => {
  const { ask } = await startServer();
  expect((await ask(['GET /secret HTTP/1.1', 'host: localhost', line])).status).toBe(403);
});

test('the token gives access with any host, a wrong one does not', async () => {
  const { ask } = await startServer({ token: 'right' });
  const lines = (token: string) => [
    'GET /secret HTTP/1.1',
    'host: authz.example.com',
    `authorization: Bearer ${token}`,
  ];
  expect((await ask(lines('right'))).status).toBe(200);
  expect((await ask(lines('wrong'))).status).toBe(403);
});

test.each([
  ['host: localhost', 'host: localhost'],
  ['host: localhost', 'authorization: Bearer a', 'authorization: Bearer a'],
])('a guarded route answers a request with a repeated header with 400: %s, %s', async (...lines) => {
  const { ask } = await startServer({ token: 'a' });
  expect((await ask(['GET /secret HTTP/1.1', ...lines])).status).toBe(400);
  // Other routes do not read these headers.
  expect((await ask(['GET /livez HTTP/1.1', ...lines])).status).toBe(200);
});

test('a request without a host is denied', async () => {
  const { ask } = await startServer();
  expect((await ask(['GET /secret HTTP/1.0'])).status).toBe(403);
  expect((await ask(['GET /livez HTTP/1.0'])).status).toBe(200);
});

test('another method on a known path is answered with 405 and the allowed methods', async () => {
  const { ask } = await startServer({ routes: [echo('GET', '/both'), echo('POST', '/both')] });
  const lines = (method: string, path: string) => [`${method} ${path} HTTP/1.1`, 'host: localhost'];
  for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, head } = await ask(lines(method, '/both'));
    expect([method, status]).toEqual([method, 405]);
    expect(head).toContain('allow: GET, POST');
  }
  expect((await ask(lines('POST', '/livez'))).head).toContain('allow: GET');
  expect((await ask(lines('GET', '/unknown'))).status).toBe(404);
});

test('an exact path comes before a prefix, and a longer prefix before a shorter one', async () => {
  const named = (path: string): AdminRoute => ({
    ...echo('GET', path),
    handle: () => jsonResponse(200, path),
  });
  const { ask } = await startServer({ routes: ['/a/', '/a/b', '/a/b/', '/a'].map(named) });
  const routeOf = async (path: string) => {
    const { status, content } = await ask([`GET ${path} HTTP/1.1`, 'host: localhost']);
    return status === 200 ? JSON.parse(content) : status;
  };
  expect(await Promise.all(['/a', '/a/', '/a/x', '/a/b', '/a/b/', '/a/b/c', '/ab'].map(routeOf))).toEqual([
    '/a',
    '/a/',
    '/a/',
    '/a/b',
    '/a/b/',
    '/a/b/',
    404,
  ]);
});

test('a body of 64 KiB arrives, and a larger one is answered with 413', async () => {
  const { ask } = await startServer({ routes: [echo('POST', '/secret')] });
  const post = (body: string) =>
    ask(['POST /secret HTTP/1.1', 'host: localhost', `content-length: ${body.length}`], body);
  const whole = await post('x'.repeat(65_536));
  expect([whole.status, JSON.parse(whole.content).body.length]).toEqual([200, 65_536]);
  expect((await post('x'.repeat(65_537))).status).toBe(413);
  expect((await post('x'.repeat(1_000_000))).status).toBe(413);
});

test('the body of a denied request is not read', async () => {
  const { ask } = await startServer({ routes: [echo('POST', '/secret')] });
  const { status } = await ask(['POST /secret HTTP/1.1', 'host: evil.example', 'content-length: 9']);
  expect(status).toBe(403);
});

test('a route that throws is answered with 500, and the error is reported', async () => {
  const error = new Error('broken');
  const { ask, defects } = await startServer({
    routes: [{ ...echo('GET', '/secret'), handle: () => Promise.reject(error) }],
  });
  const { status, content } = await ask(['GET /secret HTTP/1.1', 'host: localhost']);
  expect([status, defects]).toEqual([500, [error]]);
  expect(content).not.toContain('broken');
});

test('a client certificate gives access with any host if admin.tls.clientCaFile is set', async () => {
  const authority = createAuthority();
  const [server, client] = [authority.issue('server'), authority.issue('client')];
  const statusWith = async (tls: TlsFiles) => {
    const { port } = await startServer({ tls });
    return new Promise<number | undefined>((resolve, reject) => {
      https
        .get(
          {
            host: '127.0.0.1',
            port,
            path: '/secret',
            ca: authority.ca,
            cert: readFileSync(client.certFile),
            key: readFileSync(client.keyFile),
            headers: { host: 'authz.example.com' },
            servername: 'localhost',
            agent: false,
          },
          (response) => resolve(response.resume().statusCode),
        )
        .on('error', reject);
    });
  };
  const tls = { ...server, minVersion: 'TLSv1.2', clientCaFile: undefined } as const;
  expect(await statusWith({ ...tls, clientCaFile: authority.caFile })).toBe(200);
  expect(await statusWith(tls)).toBe(403);
});
