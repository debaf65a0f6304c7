/** The incumbent decides and is asked as Envoy would ask it. Our own decision is only compared. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  configOf,
  fileFor,
  type RunningApp,
  startApp,
  type TestAppOptions,
  until,
} from '../../support/app.ts';
import { closedPort } from '../../support/closed-port.ts';
import { comparisonsOf } from '../../support/comparisons.ts';
import { startFakeIssuer } from '../../support/fake-issuer.ts';
import { connectGrpc } from '../../support/grpc-client.ts';
import { exchange, request } from '../../support/http1.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Incumbent {
  readonly url: string;
  /** The requests, in order. */
  readonly asked: { method: string; url: string; rawHeaders: string[]; body: string }[];
  answer: Answer;
}

/** An authorizer whose answers the test chooses. */
async function startIncumbent(answer: Answer): Promise<Incumbent> {
  const incumbent: Incumbent = { url: '', asked: [], answer };
  const handle: Answer = (message, response) => {
    let body = '';
    message.on('data', (chunk) => (body += chunk));
    message.on('end', () => {
      const { method = '', url = '', rawHeaders } = message;
      incumbent.asked.push({ method, url, rawHeaders, body });
      incumbent.answer(message, response);
    });
  };
  const server = createServer({ requireHostHeader: false }, handle);
  server.on('connect', (message: IncomingMessage, socket: net.Socket) => {
    const { method = '', url = '', rawHeaders } = message;
    incumbent.asked.push({ method, url, rawHeaders, body: '' });
    socket.end('HTTP/1.1 403 Forbidden\r\nx-incumbent: 1\r\ncontent-length: 2\r\n\r\n{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(incumbent, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const allow: Answer = (_, response) =>
  response.writeHead(200, { 'x-auth-request-user': 'alice' }).end('Authenticated');
const deny: Answer = (_, response) =>
  response.writeHead(401, { 'content-type': 'application/json' }).end('{}');

async function startShadowed(url: string, more = '', options: TestAppOptions = {}): Promise<RunningApp> {
  const file = `${fileFor('ISSUER')}
shadow: {authorizer: "${url}", timeout: 500ms}
${more}`;
  return startApp({ file, ...options });
}

const bearer = async ({ issuer }: RunningApp, claims = {}) =>
  `authorization: Bearer ${await issuer.mint({ claims })}`;

describe('the answer of the incumbent', () => {
  test.each([200, 202, 204, 301, 400, 401, 403, 404, 500, 503])('%d is sent unchanged', async (status) => {
    const incumbent = await startIncumbent((_, response) => {
      response.sendDate = false;
      response.writeHead(status, 'As I Say', [
        ...['X-One', '1', 'set-cookie', 'a=1', 'Set-Cookie', 'b=2', 'location', '/x'],
        ...['x-odd', Buffer.from('é').toString('latin1')],
      ]);
      response.end(status === 204 ? undefined : Buffer.from([0, 255, 195, 169, 10]));
    });
    const { httpPort } = await startShadowed(incumbent.url);
    const direct = await raw(Number(new URL(incumbent.url).port), request('GET', '/a?b=c'));
    const shadowed = await raw(httpPort, request('GET', '/a?b=c'));
    expect(shadowed).toEqual(direct);
    expect(shadowed[0]).toBe(`HTTP/1.1 ${status} As I Say`);
    expect(shadowed).toContain('X-One: 1');
    expect(shadowed).toContain('Set-Cookie: b=2');
  });

  test('to HEAD has the length of a body, but no body', async () => {
    const incumbent = await startIncumbent(allow);
    const { httpPort } = await startShadowed(incumbent.url);
    const twice = request('HEAD', '/') + request('HEAD', '/');
    const answer = await exchange(httpPort, twice, { headOnly: true });
    expect([answer?.status, answer?.headers['x-auth-request-user'], answer?.body]).toEqual([
      200,
      'alice',
      '',
    ]);
  });

  test('to CONNECT is a denial without a tunnel', async () => {
    const incumbent = await startIncumbent(allow);
    const { httpPort } = await startShadowed(incumbent.url);
    const answer = await exchange(httpPort, request('CONNECT', 'orders.example.com:80'));
    expect([answer?.status, answer?.headers['x-incumbent'], answer?.headers['content-length']]).toEqual([
      403,
      '1',
      '0',
    ]);
  });

  test('is sent with any decision of our own', async () => {
    const incumbent = await startIncumbent(allow);
    const service = await startShadowed(incumbent.url);
    expect((await exchange(service.httpPort, request('GET', '/')))?.status).toBe(200);
    incumbent.answer = deny;
    const good = await exchange(service.httpPort, request('GET', '/', [await bearer(service)]));
    expect([good?.status, good?.body]).toEqual([401, '{}']);
  });

  test('over gRPC: the identity is forwarded, a denial keeps its status, headers and body', async () => {
    const incumbent = await startIncumbent((_, response) => {
      response
        .writeHead(200, { 'x-auth-request-user': 'bob', 'x-auth-request-email': '', 'x-other': '1' })
        .end('ok');
    });
    const service = await startShadowed(incumbent.url);
    const grpc = connectGrpc(service.grpcPort);
    onTestFinished(grpc.close);
    const headers = { ':path': '/x', authorization: 'Bearer x', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' };
    const asked = { method: 'POST', path: '/orders?x=1', host: 'orders.example.com', headers };
    const allowed = await grpc.check(asked);
    expect(allowed.status?.code).toBe(0);
    expect(allowed.okResponse?.headers?.map(({ header }) => [header?.key, header?.value])).toEqual([
      ['x-auth-request-user', 'bob'],
    ]);
    const [question] = incumbent.asked;
    expect([question?.method, question?.url]).toEqual(['POST', '/orders?x=1']);
    expect(question?.rawHeaders.slice(0, 8)).toEqual([
      'host',
      'orders.example.com',
      'authorization',
      'Bearer x',
      'cookie',
      'a=b',
      'x-forwarded-for',
      '1.2.3.4',
    ]);
    incumbent.answer = (_, response) => response.writeHead(403, { 'x-why': 'no' }).end('Forbidden é');
    const denied = await grpc.check(asked);
    expect(denied.status?.code).toBe(7);
    expect(denied.deniedResponse).toMatchObject({ status: { code: 'Forbidden' }, body: 'Forbidden é' });
    expect(denied.deniedResponse?.headers?.map(({ header }) => header?.key)).toContain('x-why');
    incumbent.answer = (_, response) => response.writeHead(202).end();
    expect((await grpc.check(asked)).deniedResponse?.status?.code).toBe('Forbidden');
  });

  test('over gRPC: every character keeps its bytes in both directions', async () => {
    const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
    const incumbent = await startIncumbent((_, response) => {
      response.writeHead(200, {
        'x-auth-request-user': bytes('Müller'),
        'x-envoy-auth-headers-to-remove': 'x-a, x_a',
      });
      response.end();
    });
    const service = await startShadowed(incumbent.url);
    const grpc = connectGrpc(service.grpcPort);
    onTestFinished(grpc.close);
    const headers = { 'x-city': 'Łódź €', 'x-odd': 'a\u0001b', 'user-agent': 'é' };
    const { okResponse, status } = await grpc.check({ method: 'GET', path: '/a b', host: 'a', headers });
    expect(status?.code).toBe(0);
    expect(okResponse?.headers?.map(({ header }) => header?.value)).toEqual(['Müller']);
    expect(okResponse?.headersToRemove).toEqual(['x-a', 'x_a']);
    const [question] = incumbent.asked;
    expect(question?.url).toBe('/a%20b');
    expect(pairs(question?.rawHeaders ?? []).slice(0, 3)).toEqual([
      'host: a',
      `x-city: ${bytes('Łódź €')}`,
      `user-agent: ${bytes('é')}`,
    ]);
  });

  test('over gRPC: the forwarded headers are those that the mesh configuration lists', async () => {
    const incumbent = await startIncumbent((_, response) => {
      response.writeHead(200, { authorization: 'Basic dTpw', 'x-auth-request-user': 'eve' }).end();
    });
    const grpcOf = async (more: string) => {
      const service = await startShadowed(incumbent.url, more);
      const grpc = connectGrpc(service.grpcPort);
      onTestFinished(grpc.close);
      const { okResponse } = await grpc.check({ method: 'GET', path: '/' });
      return okResponse?.headers?.map(({ header }) => header?.key) ?? [];
    };
    expect(await grpcOf('')).toEqual(['x-auth-request-user']);
    expect(await grpcOf('setAuthorizationHeader: true')).toEqual(['authorization', 'x-auth-request-user']);
    expect(await grpcOf('identityHeaders: remove')).toEqual([]);
  });
});

describe('the incumbent is asked', () => {
  test('with the same method, target and header lines', async () => {
    const incumbent = await startIncumbent(deny);
    const { httpPort } = await startShadowed(incumbent.url);
    const lines = [
      'Authorization: Bearer a',
      'authorization: Bearer b',
      'Cookie: x=y',
      'X-Odd: \xe9',
      'X-Odd: 2',
    ];
    await exchange(httpPort, Buffer.from(request('PURGE', '//a/../b%2Fc?d=e;f#', lines), 'latin1'));
    const [question] = incumbent.asked;
    expect([question?.method, question?.url]).toEqual(['PURGE', '//a/../b%2Fc?d=e;f#']);
    const [host, ...rest] = pairs(question?.rawHeaders ?? []);
    expect(host).toBe('host: orders.example.com');
    expect(rest.slice(0, 5)).toEqual(lines);
    expect(rest.slice(5)).toEqual(['content-length: 0', 'Connection: keep-alive']);
  });

  test('without a body and without connection headers', async () => {
    const incumbent = await startIncumbent(deny);
    const { httpPort } = await startShadowed(incumbent.url);
    const lines = ['content-length: 3', 'connection: upgrade, x-hop', 'upgrade: websocket', 'te: trailers'];
    await exchange(httpPort, `${request('POST', '/', lines)}abc`);
    await exchange(httpPort, `${request('POST', '/', ['transfer-encoding: chunked'])}3\r\nabc\r\n0\r\n\r\n`);
    expect(incumbent.asked.map(({ body }) => body)).toEqual(['', '']);
    for (const { rawHeaders } of incumbent.asked)
      expect(pairs(rawHeaders).map((line) => line.toLowerCase())).toEqual([
        'host: orders.example.com',
        'content-length: 0',
        'connection: keep-alive',
      ]);
  });
});

describe('without an answer of the incumbent', () => {
  const denial = {
    status: 403,
    headers: { 'retry-after': '5' },
    body: expect.stringMatching(
      /^{"error":"temporarily_unavailable","error_description":"The request cannot be authorized right now; try again later.","decision":"[a-z2-7]{13}"}$/,
    ),
  };

  test.each([
    ['hangs', () => {}],
    ['ends the connection', (_: IncomingMessage, response: ServerResponse) => response.destroy()],
    [
      'ends in the middle of its answer',
      (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('x');
        setImmediate(() => response.destroy());
      },
    ],
    [
      'never ends its answer',
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).write('x'),
    ],
    [
      'answers without end',
      (_: IncomingMessage, response: ServerResponse) => response.end(Buffer.alloc(2 * 1024 * 1024)),
    ],
  ])('because it %s, the check ends in an error, also with a valid token', async (_, answer) => {
    const incumbent = await startIncumbent(answer);
    const service = await startShadowed(incumbent.url, 'whenUnavailable: error');
    const response = await exchange(service.httpPort, request('GET', '/', [await bearer(service)]));
    expect(response).toMatchObject(denial);
    expect(service.records.find(({ outcome }) => outcome === 'error')).toMatchObject({
      reason: 'incumbent_unavailable',
      comparison: 'unavailable',
    });
    expect(await comparisonsOf(service)).toEqual({ unavailable: 1 });
  });

  test.each(['0', '099', '101', '600', '999'])('because it has the invalid status %s', async (status) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.end(`HTTP/1.1 ${status} x\r\ncontent-length: 0\r\n\r\n`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const service = await startShadowed(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await exchange(service.httpPort, request('GET', '/'))).toMatchObject(denial);
  });

  test('the log has the address, the timeout and the cause, and no `a check failed`', async () => {
    const incumbent = await startIncumbent(() => {});
    const slow = await startShadowed(incumbent.url);
    await exchange(slow.httpPort, request('GET', '/'));
    const away = await startShadowed(`http://127.0.0.1:${closedPort}`);
    await exchange(away.httpPort, request('GET', '/'));
    const problemOf = ({ records }: RunningApp) =>
      records.find(({ outcome }) => outcome === 'error')?.problem;
    expect(problemOf(slow)).toBe(`no answer from ${incumbent.url} within 500 ms`);
    expect(problemOf(away)).toMatch(/^no answer from http:\/\/127\.0\.0\.1:\d+ \(connect ECONNREFUSED/);
    for (const { records } of [slow, away])
      expect(records.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('because nothing listens there', async () => {
    const service = await startShadowed(`http://127.0.0.1:${closedPort}`);
    expect(await exchange(service.httpPort, request('GET', '/', [await bearer(service)]))).toMatchObject(
      denial,
    );
    const grpc = connectGrpc(service.grpcPort);
    onTestFinished(grpc.close);
    const answer = await grpc.check({ method: 'GET', path: '/' });
    expect([answer.status?.code, answer.deniedResponse?.status?.code]).toEqual([14, 'ServiceUnavailable']);
  });

  test('closed idle connections are not an error', async () => {
    const held: ServerResponse[] = [];
    const incumbent = await startIncumbent((_, response) => void held.push(response));
    const { httpPort } = await startShadowed(incumbent.url);
    const first = Array.from({ length: 6 }, () => exchange(httpPort, request('GET', '/')));
    await until(() => held.length === 6);
    const sockets = held.map(({ socket }) => socket);
    for (const response of held) response.writeHead(200).end();
    await Promise.all(first);
    for (const socket of sockets) socket?.once('data', () => socket.resetAndDestroy());
    incumbent.answer = allow;
    for (let count = 0; count < 6; count++)
      expect((await exchange(httpPort, request('GET', '/')))?.status).toBe(200);
  });

  test('a closed connection is not an error: the request is sent again', async () => {
    let connections = 0;
    const server = net.createServer((socket) => {
      connections++;
      let answers = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        // The second request on a connection finds it closed.
        if (answers++ > 0) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { httpPort } = await startShadowed(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (let count = 0; count < 4; count++)
      expect((await exchange(httpPort, request('GET', '/')))?.status).toBe(200);
    expect(connections).toBe(4);
  });
});

describe('the comparison', () => {
  test('is counted and logged, without content of the token', async () => {
    const incumbent = await startIncumbent(allow);
    const service = await startShadowed(incumbent.url);
    const ask = async (lines: string[]) => exchange(service.httpPort, request('GET', '/x?y', lines));
    const good = await bearer(service);
    await ask([good]);
    await ask([await bearer(service, { sub: 'bob' })]);
    await ask([]);
    incumbent.answer = deny;
    await ask([good]);
    await ask([]);
    incumbent.answer = (_, response) => response.writeHead(403).end();
    await ask([]);
    expect(await comparisonsOf(service)).toEqual({
      same: 2,
      headers_differ: 1,
      incumbent_allows: 1,
      incumbent_refuses: 1,
      status_differs: 1,
    });
    // Checks that both allow with the same result are not logged. All others are.
    const logged = service.records.filter(({ comparison }) => comparison !== undefined);
    expect(logged.map(({ comparison, incumbentStatus }) => [comparison, incumbentStatus])).toEqual([
      ['headers_differ', 200],
      ['incumbent_allows', 200],
      ['incumbent_refuses', 401],
      ['same', 401],
      ['status_differs', 403],
    ]);
    expect(service.logText()).not.toContain(good.slice(30));
  });

  test('uses the response that would be sent, including compat', async () => {
    const incumbent = await startIncumbent((_, response) => response.writeHead(403).end('Forbidden\n'));
    const compat = 'compat: oauth2-proxy\ncompatInvalidTokenStatus: 403';
    const service = await startShadowed(incumbent.url, compat);
    await exchange(service.httpPort, request('GET', '/', ['authorization: Bearer x']));
    expect(await comparisonsOf(service)).toEqual({ same: 1 });
  });

  test('is switched off and on by a reload between two checks', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(issuer.close);
    const incumbent = await startIncumbent(allow);
    const service = await startShadowed(incumbent.url, '', { issuer });
    const status = async () => (await exchange(service.httpPort, request('GET', '/')))?.status;
    expect(await status()).toBe(200);
    await service.app.reload(await configOf(fileFor(issuer.url)));
    expect(await status()).toBe(401);
    expect(incumbent.asked.length).toBe(1);
    await service.app.reload(service.config);
    expect(await status()).toBe(200);
    expect(incumbent.asked.length).toBe(2);
  });
});

describe('mode: shadow without an incumbent', () => {
  test('allows everything without an identity, logs a warning, and sets the metric to 1', async () => {
    const service = await startApp({ file: `${fileFor('ISSUER')}\nmode: shadow` });
    const bad = await exchange(service.httpPort, request('GET', '/', ['authorization: Bearer x']));
    expect(bad?.status).toBe(200);
    expect(bad?.headers['x-envoy-auth-headers-to-remove']).toContain('x-auth-request-user');
    const good = await exchange(service.httpPort, request('GET', '/', [await bearer(service)]));
    expect([good?.status, good?.headers['x-auth-request-user']]).toEqual([200, 'alice']);
    const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    expect(metrics).toMatch(/^oidc_authz_shadow_mode 1$/m);
    expect(metrics).toMatch(/^oidc_authz_checks_shadow_total\{reason="token_malformed",rule="none"\} 1$/m);
    expect(service.records.filter(({ level }) => level === 'warn')).toMatchObject([
      { msg: 'shadow mode is on (mode: shadow); requests that would be denied are allowed' },
    ]);
  });

  test('has no effect with an incumbent', async () => {
    const incumbent = await startIncumbent(deny);
    const service = await startShadowed(incumbent.url, 'mode: shadow');
    expect((await exchange(service.httpPort, request('GET', '/')))?.status).toBe(401);
    const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    expect(metrics).toMatch(/^oidc_authz_shadow_mode 0$/m);
    expect(metrics).toMatch(/^oidc_authz_shadow_authorizer 1$/m);
    expect(service.records.filter(({ level }) => level === 'warn')).toMatchObject([
      { authorizer: incumbent.url, msg: expect.stringContaining('the incumbent decides') },
    ]);
    expect(await comparisonsOf(service)).toEqual({ same: 1 });
  });
});

function pairs(rawHeaders: readonly string[]): string[] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
}

/** The header lines of an answer without connection headers, and its body as bytes. */
function raw(port: number, bytes: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write(bytes.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')),
    );
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('end', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const lines = text.slice(0, end).split('\r\n');
      const isChunked = lines.some((line) => /^transfer-encoding: chunked$/i.test(line));
      const body = isChunked ? unchunked(text.slice(end + 4)) : text.slice(end + 4);
      resolve([
        ...lines.filter((line) => !/^(connection|content-length|transfer-encoding):/i.test(line)),
        Buffer.from(body, 'latin1').toString('hex'),
      ]);
    });
  });
}

function unchunked(text: string): string {
  const [, size = '0'] = /^([0-9a-f]+)\r\n/i.exec(text) ?? [];
  const start = size.length + 2;
  const length = Number.parseInt(size, 16);
  return length === 0 ? '' : text.slice(start, start + length) + unchunked(text.slice(start + length + 2));
}
