import { copyFileSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor, runApp, startApp, until } from '../../support/app.ts';
import { createAuthority } from '../../support/certificates.ts';
import { decisionIdOf, exampleId } from '../../support/decision-ids.ts';
import { exchange, request } from '../../support/http1.ts';

const unauthorized = `{"error":"unauthorized","error_description":"A bearer token is required.","decision":"${exampleId}"}`;

describe('everything is a check', () => {
  test('every method that Node knows', async () => {
    const { httpPort, issuer } = await startApp();
    const authorization = `authorization: Bearer ${await issuer.mint()}`;
    for (const method of http.METHODS) {
      const options = { headOnly: method === 'HEAD' };
      const target = method === 'CONNECT' ? 'orders.example.com:443' : '/';
      const without = await exchange(httpPort, request(method, target), options);
      expect([method, without?.status]).toEqual([method, 401]);
      const allowed = await exchange(httpPort, request(method, target, [authorization]), options);
      expect([method, allowed?.status, allowed?.headers['x-auth-request-user']]).toEqual([
        method,
        200,
        'alice',
      ]);
    }
  });

  test('every path, including those of health checks and metrics', async () => {
    const { httpPort, issuer, records } = await startApp({ flags: ['--log-checks=all'] });
    const authorization = `authorization: Bearer ${await issuer.mint()}`;
    const paths = [
      ...['/', '/healthz', '/livez', '/readyz', '/ready', '/ping', '/metrics', '/robots.txt', '/favicon.ico'],
      ...[
        '/oauth2/auth',
        '/.well-known/oauth-protected-resource',
        '*',
        '//',
        '//x/y',
        '/a/../b',
        '/a/./b',
        '/a;b',
        '/%',
        '/%ZZ',
      ],
      ...[
        '/%00',
        '/%2e%2e/x',
        '/a%2fb',
        '/a\\b',
        '/?x=/healthz',
        '/a?b?c',
        '/a#b',
        `/${'a'.repeat(8 * 1024)}`,
        'http://other.example.com/x',
        '/:param',
        '/*',
        '/{x}',
      ],
    ];
    for (const path of paths) {
      const method = path === '*' ? 'OPTIONS' : 'GET';
      expect([path, (await exchange(httpPort, request(method, path)))?.status]).toEqual([path, 401]);
      expect([path, (await exchange(httpPort, request(method, path, [authorization])))?.status]).toEqual([
        path,
        200,
      ]);
    }
    const logged = new Set(records.map(({ path }) => path));
    for (const path of paths.filter((text) => text.length < 500))
      expect(logged).toContain(path.split(/[?#]/)[0]);
  });

  test.each([
    ['JSON', ['content-type: application/json', 'content-length: 2'], '{}'],
    ['broken JSON', ['content-type: application/json', 'content-length: 1'], '{'],
    ['an empty JSON body', ['content-type: application/json', 'content-length: 0'], ''],
    ['an unknown type', ['content-type: application/x-nobody-knows', 'content-length: 3'], 'abc'],
    ['an invalid type', ['content-type: ;;;', 'content-length: 3'], 'abc'],
    ['no type', ['content-length: 3'], 'abc'],
    ['chunks', ['transfer-encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n'],
    ['an unknown transfer coding', ['transfer-encoding: x, chunked'], '0\r\n\r\n'],
    ['an expectation to continue', ['expect: 100-continue', 'content-length: 3'], 'abc'],
    ['an expectation of something else', ['expect: x', 'content-length: 0'], ''],
    [
      'an upgrade to websocket',
      ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-key: x', 'sec-websocket-version: 13'],
      '',
    ],
    [
      'an upgrade to h2c',
      ['connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__'],
      '',
    ],
    ['a range', ['range: bytes=0-1'], ''],
    ['a condition', ['if-none-match: "x"', 'if-modified-since: Mon, 01 Jan 2024 00:00:00 GMT'], ''],
    ['accept-version and accept-encoding', ['accept-version: 2.x', 'accept-encoding: gzip'], ''],
  ])('a request with %s', async (_, headers, body) => {
    const { httpPort, issuer } = await startApp();
    expect((await exchange(httpPort, request('POST', '/x', headers) + body))?.status).toBe(401);
    const authorization = `authorization: Bearer ${await issuer.mint()}`;
    expect(
      (await exchange(httpPort, request('POST', '/x', [authorization, ...headers]) + body))?.status,
    ).toBe(200);
  });

  test('HTTP/1.0, and HTTP/1.1 without a host', async () => {
    const { httpPort, issuer } = await startApp();
    const authorization = `authorization: Bearer ${await issuer.mint()}`;
    for (const version of ['1.0', '1.1']) {
      expect((await exchange(httpPort, `GET / HTTP/${version}\r\n${authorization}\r\n\r\n`))?.status).toBe(
        200,
      );
    }
  });

  test('two authorization headers are duplicates in any case', async () => {
    const { httpPort, issuer } = await startApp();
    const token = await issuer.mint();
    for (const [first, second] of [
      ['authorization', 'authorization'],
      ['Authorization', 'AUTHORIZATION'],
      ['authorization', 'Authorization'],
    ]) {
      for (const [a, b] of [
        [`Bearer ${token}`, 'Basic x'],
        ['Basic x', `Bearer ${token}`],
        [`Bearer ${token}`, `Bearer ${token}`],
        ['', `Bearer ${token}`],
      ]) {
        const response = await exchange(httpPort, request('GET', '/', [`${first}: ${a}`, `${second}: ${b}`]));
        expect([
          response?.status,
          response?.headers['www-authenticate']?.includes('invalid_request'),
        ]).toEqual([401, true]);
      }
    }
  });

  test('a token in another place is ignored', async () => {
    const { httpPort, issuer } = await startApp();
    const token = await issuer.mint();
    for (const header of [
      `proxy-authorization: Bearer ${token}`,
      `cookie: access_token=${token}`,
      `x-forwarded-access-token: ${token}`,
      `x-authorization: Bearer ${token}`,
    ]) {
      expect((await exchange(httpPort, request('GET', `/?access_token=${token}`, [header])))?.status).toBe(
        401,
      );
    }
  });

  test('a header section of 96 KiB, in one line or in two thousand', async () => {
    const { httpPort, issuer } = await startApp();
    const authorization = `authorization: Bearer ${await issuer.mint()}`;
    const lines = Array.from({ length: 2_100 }, (_, index) => `x-${index}: ${'v'.repeat(30)}`);
    expect(
      (await exchange(httpPort, request('GET', '/', [`cookie: ${'c'.repeat(95 * 1024)}`, authorization])))
        ?.status,
    ).toBe(200);
    expect((await exchange(httpPort, request('GET', '/', [...lines, authorization])))?.status).toBe(200);
    expect(
      (await exchange(httpPort, request('GET', '/', [...lines, authorization, authorization])))?.status,
    ).toBe(401);
  });
});

describe('a response', () => {
  test('to a denial has exactly these headers', async () => {
    const { httpPort } = await startApp();
    const response = await exchange(httpPort, request('GET', '/'));
    const id = decisionIdOf(response);
    expect(response).toEqual({
      status: 401,
      headers: {
        'www-authenticate': 'Bearer',
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'content-length': String(unauthorized.length),
        'x-oidc-authz-decision': id,
        connection: 'keep-alive',
        'keep-alive': 'timeout=3900',
      },
      body: unauthorized.replace(exampleId, id),
    });
  });

  test('to HEAD has the length of the omitted body', async () => {
    const { httpPort } = await startApp();
    const response = await exchange(httpPort, request('HEAD', '/'), { headOnly: true });
    expect(response?.headers['content-length']).toBe(String(unauthorized.length));
  });

  test('keeps the connection open, and the next request on it is another check', async () => {
    const { httpPort, issuer } = await startApp();
    const token = await issuer.mint();
    const good = request('POST', '/', [`authorization: Bearer ${token}`, 'content-length: 5']);
    const answers = await pipeline(
      httpPort,
      [`${good}GET /`, request('GET', '/'), `${good}abcde`, request('GET', '/')],
      4,
    );
    expect(answers).toEqual([200, 401, 200, 401]);
  });
});

describe('a request that is not HTTP', () => {
  const malformed: [string, string | Buffer][] = [
    ['an unknown method', 'FOO / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a method in lower case', 'get / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['raw bytes in the target', Buffer.from('GET /\xe9 HTTP/1.1\r\nhost: x\r\n\r\n', 'latin1')],
    ['a control in the target', 'GET /\x01 HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nhost: x\n\n'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nhost : x\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nhost: x\r\nx: a\r\n b\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n\r\n'],
    ['a TLS hello', Buffer.from([0x16, 0x03, 0x01, 0, 5, 1, 0, 0, 1, 0])],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ];

  test.each(malformed)('%s: 400, without an effect on others', async (_, bytes) => {
    const { httpPort } = await startApp();
    const response = await exchange(httpPort, bytes);
    expect(response?.status).toBe(400);
    expect((await exchange(httpPort, request('GET', '/')))?.status).toBe(401);
  });

  test('after a valid request on the same connection: 400, because Envoy could allow after a reset', async () => {
    const { httpPort, issuer } = await startApp();
    const good = request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]);
    expect(await pipeline(httpPort, [good, 'FOO / HTTP/1.1\r\nhost: x\r\n\r\n'], 2, true)).toEqual([
      200, 400,
    ]);
  });

  test('a header section that is too large: 431', async () => {
    const { httpPort } = await startApp();
    expect((await exchange(httpPort, request('GET', '/', [`x: ${'x'.repeat(130 * 1024)}`])))?.status).toBe(
      431,
    );
  });

  test('1,000 at once do not affect a valid client', async () => {
    const { httpPort, issuer } = await startApp();
    const storm = Array.from({ length: 1_000 }, (_, index) =>
      exchange(httpPort, malformed[index % malformed.length]?.[1] ?? ''),
    );
    await Promise.all(storm);
    const good = request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]);
    expect((await exchange(httpPort, good))?.status).toBe(200);
  });
});

test('2,000 connections all get a response', async () => {
  const { httpPort, issuer } = await startApp();
  const good = request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]);
  const statuses = await Promise.all(
    Array.from({ length: 2_000 }, async () => (await exchange(httpPort, good))?.status),
  );
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
});

describe('disconnects a slow client within 20 s', { timeout: 40_000 }, () => {
  /** How long a connection stays open, in seconds. The client never closes it on its own. */
  async function lifetime(port: number, behave: (socket: net.Socket) => () => void): Promise<number> {
    const started = performance.now();
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    const stop = behave(socket);
    await new Promise((resolve) => socket.once('close', resolve));
    stop();
    return (performance.now() - started) / 1000;
  }
  const trickle = (socket: net.Socket, text: string, every: number) => {
    let sent = 0;
    const timer = setInterval(() => socket.writable && socket.write(text[sent++ % text.length] ?? ''), every);
    return () => clearInterval(timer);
  };

  test('that sends nothing, sends its headers or its body slowly, or does not read', async () => {
    const { httpPort } = await startApp();
    const lifetimes = await Promise.all([
      lifetime(httpPort, () => () => {}),
      lifetime(httpPort, (socket) =>
        trickle(socket, 'GET / HTTP/1.1\r\nx: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 400),
      ),
      lifetime(httpPort, (socket) => {
        socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n');
        return trickle(socket, 'a', 400);
      }),
      lifetime(httpPort, (socket) => {
        socket.pause();
        const timer = setInterval(
          () =>
            socket.writable && socket.writableLength < 1e6 && socket.write(request('GET', '/').repeat(2_000)),
          10,
        );
        return () => clearInterval(timer);
      }),
    ]);
    expect(lifetimes.filter((seconds) => seconds > 20)).toEqual([]);
  });

  test('that never starts its TLS handshake', async () => {
    const { certFile, keyFile } = createAuthority().issue('slow');
    const { httpPort } = await startApp({
      file: fileFor('ISSUER').replace(
        'http: {',
        `http: {tls: {certFile: ${certFile}, keyFile: ${keyFile}}, `,
      ),
    });
    expect(await lifetime(httpPort, () => () => {})).toBeLessThan(20);
  });
});

test('an idle connection stays open after a response', async () => {
  const { httpPort } = await startApp();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = () =>
    new Promise<net.Socket>((resolve, reject) => {
      http
        .get({ port: httpPort, host: '127.0.0.1', agent }, (response) => {
          response.resume().on('end', () => resolve(response.socket));
        })
        .on('error', reject);
    });
  const first = await ask();
  await new Promise((resolve) => setTimeout(resolve, 17_000));
  expect(await ask()).toBe(first);
}, 40_000);

describe('over TLS', () => {
  const authority = createAuthority();
  const withTls = (files: object) =>
    fileFor('ISSUER').replace('http: {', `http: {tls: ${JSON.stringify(files)}, `);
  const ask = (port: number, options: tls.ConnectionOptions = {}) =>
    new Promise<{ status: string; subject: string }>((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.ca, ...options }, () =>
        socket.write(request('GET', '/')),
      );
      socket.on('data', (chunk) => {
        resolve({
          status: chunk.toString().slice(9, 12),
          subject: String(socket.getPeerCertificate().subject.CN),
        });
        socket.destroy();
      });
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('closed')));
    });

  test('checks get a response, and older versions of TLS are rejected', async () => {
    const { httpPort } = await startApp({ file: withTls(authority.issue('one')) });
    expect(await ask(httpPort)).toEqual({ status: '401', subject: 'one' });
    await expect(
      ask(httpPort, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
    ).rejects.toThrow();
  });

  test('only the configured versions and cipher suites are accepted', async () => {
    const files = authority.issue('narrow');
    const [newest, narrow] = [
      await startApp({ file: withTls({ ...files, minVersion: 'TLSv1.3' }) }),
      await startApp({
        file: withTls({ ...files, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] }),
      }),
    ];
    expect((await ask(newest.httpPort)).status).toBe('401');
    await expect(ask(newest.httpPort, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    const old = { maxVersion: 'TLSv1.2' } as const;
    expect((await ask(narrow.httpPort, { ...old, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })).status).toBe(
      '401',
    );
    await expect(
      ask(narrow.httpPort, { ...old, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
    ).rejects.toThrow();
  });

  test('a new certificate is used without a restart, and an invalid one is not', async () => {
    const [files, next] = [authority.issue('first'), authority.issue('second')];
    const { httpPort, records } = await startApp({ file: withTls(files) });
    expect((await ask(httpPort)).subject).toBe('first');
    copyFileSync(next.keyFile, files.keyFile);
    copyFileSync(next.certFile, files.certFile);
    await until(async () => (await ask(httpPort)).subject === 'second');
    copyFileSync(authority.caFile, files.keyFile);
    await until(() => records.some(({ msg }) => String(msg).includes('the certificate was not reloaded')));
    expect((await ask(httpPort)).subject).toBe('second');
  });

  test('a client needs a certificate if it is configured', async () => {
    const client = authority.issue('client');
    const { httpPort } = await startApp({
      file: withTls({ ...authority.issue('server'), clientCaFile: authority.caFile }),
    });
    await expect(ask(httpPort)).rejects.toThrow();
    const credentials = { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) };
    expect((await ask(httpPort, credentials)).status).toBe('401');
  });
});

test('while draining, every request gets a response with `connection: close`', async () => {
  const service = await runApp({ flags: ['--shutdown-delay=1s'] });
  const good = request('GET', '/', [`authorization: Bearer ${await service.issuer.mint()}`]);
  expect((await exchange(service.httpPort, good))?.headers.connection).toBe('keep-alive');
  const stopped = service.stop();
  const during = await exchange(service.httpPort, good);
  expect([during?.status, during?.headers.connection]).toEqual([200, 'close']);
  await stopped;
  expect(await exchange(service.httpPort, good)).toBeUndefined();
});

/** Sends pipelined requests on one connection. Returns the statuses of their responses. */
function pipeline(
  port: number,
  requests: readonly string[],
  answers: number,
  untilClose = false,
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    socket.on('connect', () => socket.write(requests[0] ?? ''));
    let sent = 1;
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (sent < requests.length) socket.write(requests[sent++] ?? '');
      if (!untilClose && statuses().length >= answers) {
        socket.destroy();
        resolve(statuses());
      }
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(statuses()));
  });
}
