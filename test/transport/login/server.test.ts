/** The listener of the login over real connections: what it answers, and what a client cannot make it do. */
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TlsFiles } from '../../../src/config/declare/options.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import type { Decision } from '../../../src/model/decision.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import type { AnswerLogin } from '../../../src/transport/login/answer-login.ts';
import { createLoginServer } from '../../../src/transport/login/server.ts';
import { listen } from '../../../src/transport/shared/listen.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createTestClock, type TestClock } from '../../support/clock.ts';

/** A page for a path of the login. */
const page: Decision = {
  outcome: 'deny',
  reason: 'signed_out',
  browser: {
    status: 200,
    cookies: ['__Host-a=; Max-Age=0', '__Host-b=; Max-Age=0'],
    headers: [['content-security-policy', "default-src 'none'"]],
    page: { type: 'text/html; charset=utf-8', body: (id) => `<p>Grüße ${id ?? 'none'}</p>` },
  },
  id: 'abcdefghijklm',
};

interface Options {
  readonly answer?: AnswerLogin;
  readonly tls?: TlsFiles;
  readonly maxConnections?: number;
  readonly clock?: TestClock;
}

/** Starts a listener that answers the paths below `/own/`. */
async function startServer({ answer = () => page, tls, maxConnections = 100, clock }: Options = {}) {
  const reloads: (Error | undefined)[] = [];
  const defects: unknown[] = [];
  const rejected: string[] = [];
  const requests: CheckRequest[] = [];
  const server = await createLoginServer({
    options: { enabled: true, host: '127.0.0.1', port: 0, tls },
    answer: (request) => {
      requests.push(request);
      return request.path.startsWith('/own/') ? answer(request) : undefined;
    },
    challenge: () => ({ realm: 'shop', dpop: { origins: [] } as never }),
    maxConnections,
    clock: clock ?? systemClock,
    listen,
    onTlsReload: (error) => reloads.push(error),
    onRejected: (cause) => rejected.push(cause),
    onDefect: (error) => defects.push(error),
  });
  const { port } = await server.start();
  onTestFinished(async () => {
    const closed = server.close(0);
    await clock?.advance(100);
    await closed;
  });
  const send = async (bytes: string) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(bytes);
    const [head = '', ...rest] = (await text(socket)).split('\r\n\r\n');
    return { status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') };
  };
  const ask = (method: string, target: string, headers: readonly string[] = [], body = '') =>
    send(
      `${[`${method} ${target} HTTP/1.1`, 'host: shop.example.com', ...headers, 'connection: close'].join('\r\n')}\r\n\r\n${body}`,
    );
  return { server, port, reloads, defects, rejected, requests, ask, send };
}

const form = 'content-type: application/x-www-form-urlencoded';

describe('a path of the login', () => {
  test('is answered with its own status, page, headers and cookies', async () => {
    const { ask, requests } = await startServer();
    const { status, head, body } = await ask('GET', '/own/signed-out?x=1', [
      'cookie: a=1; b=2',
      'cookie: c=3',
    ]);
    expect(status).toBe(200);
    expect(body).toBe('<p>Grüße abcdefghijklm</p>');
    expect(head.match(/^set-cookie: .*$/gim)).toEqual([
      'set-cookie: __Host-a=; Max-Age=0',
      'set-cookie: __Host-b=; Max-Age=0',
    ]);
    expect(head).toContain('content-type: text/html; charset=utf-8');
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
    expect(head).toContain("content-security-policy: default-src 'none'");
    expect(head).toContain('cache-control: no-store');
    expect(head).toContain('x-oidc-authz-decision: abcdefghijklm');
    expect(head).not.toMatch(/^(?:server|x-powered-by|www-authenticate):/im);
    expect(requests[0]).toMatchObject({
      method: 'GET',
      host: 'shop.example.com',
      path: '/own/signed-out?x=1',
    });
    expect(requests[0]?.header('cookie')).toEqual(['a=1; b=2', 'c=3']);
  });

  test('answers HEAD with the headers of GET and no body', async () => {
    const { ask } = await startServer();
    const { status, head, body } = await ask('HEAD', '/own/signed-out');
    expect([status, body]).toEqual([200, '']);
    expect(head).toContain('content-length: 28');
  });

  test('redirects without a body', async () => {
    const { ask } = await startServer({
      answer: () => ({
        outcome: 'deny',
        reason: 'login_completed',
        browser: { status: 303, location: 'https://issuer.example.com/?a=b', cookies: [] },
      }),
    });
    const { status, head, body } = await ask('GET', '/own/callback');
    expect([status, body]).toEqual([303, '']);
    expect(head).toContain('location: https://issuer.example.com/?a=b');
    expect(head).not.toMatch(/^content-type:/im);
  });

  test('waits for an answer that waits for an issuer', async () => {
    const { ask } = await startServer({ answer: () => Promise.resolve(page) });
    expect((await ask('GET', '/own/callback')).status).toBe(200);
  });

  test('has the challenge with a 401, and the JSON of the reason without a page', async () => {
    const { ask } = await startServer({ answer: () => ({ outcome: 'deny', reason: 'login_required' }) });
    const { status, head, body } = await ask('GET', '/own/user');
    expect(status).toBe(401);
    expect(head).toContain('www-authenticate: Bearer realm="shop"');
    expect(JSON.parse(body).error).toBe('unauthorized');
  });

  test('has the status 503 and retry-after for an error without a page', async () => {
    const { ask } = await startServer({ answer: () => ({ outcome: 'error', reason: 'login_unavailable' }) });
    const { status, head } = await ask('GET', '/own/callback');
    expect(status).toBe(503);
    expect(head).toContain('retry-after: 5');
  });

  test('receives the form of the sign-out, and forgets its content', async () => {
    const { ask, requests } = await startServer();
    const { status } = await ask('POST', '/own/sign-out', [form, 'content-length: 3'], 'a=b');
    expect(status).toBe(200);
    expect(requests[0]?.method).toBe('POST');
  });
});

describe('a client', () => {
  test.each([
    ['another path', 'GET', '/', 404],
    ['another path with a body', 'DELETE', '/orders', 404],
    ['an unknown method', 'PURGE', '/own/callback', 404],
    ['an absolute target of another host', 'GET', 'http://evil.example.com/own/callback', 404],
    ['a path with a broken escape', 'GET', '/own/%zz', 400],
    ['a path with half an escape', 'GET', '/own/%e0%a4', 400],
    ['all of the server', 'OPTIONS', '*', 404],
  ])('that asks for %s gets no page', async (_, method, target, status) => {
    const { ask, defects } = await startServer();
    const answer = await ask(method, target);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('Grüße');
    expect(answer.head).toContain('cache-control: no-store');
    expect(defects).toEqual([]);
  });

  test.each([
    ['too large', [form, 'content-length: 2000'], 'a'.repeat(2_000), 413],
    [
      'too large, in chunks',
      [form, 'transfer-encoding: chunked'],
      `7d0\r\n${'a'.repeat(2_000)}\r\n0\r\n\r\n`,
      413,
    ],
    ['JSON', ['content-type: application/json', 'content-length: 2'], '{}', 415],
    ['of an unreadable type', ['content-type: ;;;', 'content-length: 2'], '{}', 415],
  ])('that sends a body that is %s gets a status below 500', async (_, headers, body, status) => {
    const { ask, defects, requests } = await startServer();
    expect((await ask('POST', '/own/sign-out', headers, body)).status).toBe(status);
    expect(requests).toEqual([]);
    expect(defects).toEqual([]);
  });

  test('that sends a form by another method cannot send a large one either', async () => {
    const { ask } = await startServer();
    expect(
      (await ask('PUT', '/own/sign-out', [form, 'content-length: 2000'], 'a'.repeat(2_000))).status,
    ).toBe(413);
  });

  test.each([
    ['no host', 'GET /own/x HTTP/1.1\r\nconnection: close\r\n\r\n'],
    ['two lengths', 'POST /own/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a header without a name', 'GET /own/x HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n'],
    [
      'a broken chunk',
      `POST /own/x HTTP/1.1\r\nhost: a\r\n${form}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
    ],
    ['no HTTP', '\0\0\0\0\0\0\0\0\r\n\r\n'],
  ])('that sends %s gets 400', async (_, bytes) => {
    const { send, requests, defects } = await startServer();
    expect((await send(bytes)).status).toBe(400);
    expect(requests).toEqual([]);
    expect(defects).toEqual([]);
  });

  test('that sends 60 KiB of cookies and a long path is answered', async () => {
    const { ask } = await startServer();
    const cookies = Array.from({ length: 15 }, (_, index) => `cookie: c${index}=${'v'.repeat(4_000)}`);
    const path = `/own/callback?state=${'s'.repeat(8_000)}`;
    expect((await ask('GET', path, cookies)).status).toBe(200);
    expect((await ask('GET', `/own/${'%41'.repeat(2_000)}`)).status).toBe(200);
  });

  test('that uses TLS on a plain listener is reported', async () => {
    const { send, rejected } = await startServer();
    await send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
    expect(rejected).toEqual(['tls']);
  });

  test('cannot make an allow of a defect', async () => {
    const allow = { outcome: 'allow', reason: 'allowed', identity: undefined, forwarding: {}, cached: false };
    const { ask, defects } = await startServer({ answer: () => allow as unknown as Decision });
    expect((await ask('GET', '/own/callback')).status).toBe(500);
    expect(defects).toHaveLength(1);
  });
});

test('answers over TLS', async () => {
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issue('login');
  const { port } = await startServer({ tls: { certFile, keyFile, minVersion: 'TLSv1.2' } });
  const status = await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/own/user', ca: authority.ca, agent: false };
    https.get(options, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
  expect(status).toBe(200);
});

test('uses a renewed certificate', async () => {
  const authority = createAuthority();
  const [first, second] = [authority.issue('first'), authority.issue('second')];
  const clock = createTestClock();
  const { port, reloads } = await startServer({ tls: { ...first, minVersion: 'TLSv1.2' }, clock });
  const subject = () =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.ca }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  expect(await subject()).toBe('first');
  copyFileSync(second.certFile, first.certFile);
  copyFileSync(second.keyFile, first.keyFile);
  await clock.advance(5_000);
  expect([reloads, await subject()]).toEqual([[undefined], 'second']);
});

test('closes idle connections at its limit, and rejects new ones only while all are busy', async () => {
  const answers: ((decision: Decision) => void)[] = [];
  const { port } = await startServer({
    maxConnections: 2,
    answer: ({ path }) =>
      path === '/own/wait' ? new Promise<Decision>((resolve) => answers.push(resolve)) : page,
  });
  const connect = async (path: string) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nhost: shop.example.com\r\n\r\n`);
    return socket;
  };
  const [idle, busy] = [await connect('/own/user'), await connect('/own/wait')];
  await Promise.all([once(idle, 'data'), vi.waitUntil(() => answers.length === 1)]);
  const idleClosed = once(idle, 'close');
  // The first connection beyond the limit is closed, and makes place for the next one.
  await once(await connect('/own/user'), 'close');
  await idleClosed;
  await once(await connect('/own/user'), 'data');
  answers[0]?.(page);
  expect(String((await once(busy, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
});

test('asks clients to disconnect while it drains, and closes', async () => {
  const { server, port } = await startServer();
  server.drain();
  const socket = net.connect(port, '127.0.0.1');
  socket.write('GET /own/user HTTP/1.1\r\nhost: shop.example.com\r\n\r\n');
  expect(await text(socket)).toMatch(/^connection: close$/im);
});
