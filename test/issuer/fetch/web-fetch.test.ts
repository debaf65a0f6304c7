import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Resolve } from '../../../src/issuer/fetch/guarded-lookup.ts';
import { createSend, RequestError, type RequestOptions } from '../../../src/issuer/fetch/request.ts';
import type { ClientCertificate } from '../../../src/issuer/fetch/trust.ts';
import { createWebFetch } from '../../../src/issuer/fetch/web-fetch.ts';
import { createAuthority } from '../../support/certificates.ts';

const options: RequestOptions = {
  timeout: 2_000,
  timeoutOption: 'limits.meshTimeout',
  maxBytes: 1_000,
  insecureHttp: false,
  extraCa: undefined,
  trustSystemCas: true,
  proxy: '',
  environment: {},
  issuerName: 'main',
};

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const fetchWith = (
  more: Partial<RequestOptions> = {},
  from?: string,
  certificate: () => ClientCertificate | undefined = () => undefined,
) => createWebFetch(createSend({ ...options, ...more }), from, certificate);

const post = {
  method: 'POST',
  headers: { accept: 'application/json' },
  body: new URLSearchParams({ a: 'b c' }),
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** The error of a request that fails. */
async function failureOf(request: Promise<Response>): Promise<RequestError> {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RequestError)) throw new Error(`no RequestError: ${String(error)}`);
  return error;
}

describe('a POST', () => {
  test('sends its body, and any status is a response', async () => {
    const url = await serve(async (request, response) => {
      const received = {
        method: request.method,
        type: request.headers['content-type'],
        body: await bodyOf(request),
      };
      response
        .writeHead(418, { 'content-type': 'application/json', 'set-cookie': 'a=b', 'x-secret': 'c' })
        .end(JSON.stringify(received));
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetchWith()(url, { ...post, headers });
    expect(response.status).toBe(418);
    expect(await response.json()).toEqual({ method: 'POST', type: headers['content-type'], body: 'a=b+c' });
    expect([...response.headers.keys()]).toEqual(['content-type']);
  });

  test.each([204, 205, 304])('answered with %i has no body', async (status) => {
    const url = await serve((_, response) => void response.writeHead(status).end());
    const response = await fetchWith()(url, post);
    expect([response.status, await response.text()]).toEqual([status, '']);
  });

  test('follows no redirect', async () => {
    const paths: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: '/other' }).end();
    });
    expect((await fetchWith()(url, post)).status).toBe(307);
    expect(paths).toEqual(['/']);
  });

  test('is limited in time, and names the option', async () => {
    const url = await serve(() => {});
    const failure = await failureOf(fetchWith({ timeout: 100 })(url, post));
    expect(failure.message).toMatch(/within 100 ms.*`limits\.meshTimeout`/);
    expect(failure.isUnsent).toBe(false);
  });

  test('is limited in bytes, announced or not', async () => {
    const big = 'x'.repeat(2_000);
    for (const announced of [true, false]) {
      const url = await serve((_, response) => {
        if (announced) response.writeHead(200, { 'content-length': big.length });
        response.end(big);
      });
      expect((await failureOf(fetchWith()(url, post))).message).toContain('larger than 1000 bytes');
    }
  });

  test.each([
    ['http://192.0.2.1/token', 'insecureHttp'],
    ['https://169.254.169.254/token', 'link-local'],
    ['https://user:password@example.com/token', 'user name'],
    ['ftp://example.com/', 'https://'],
  ])('is not sent to %s', async (url, text) => {
    const failure = await failureOf(fetchWith()(url, post));
    expect(failure.message).toContain(text);
    expect(failure.message).not.toContain('password@');
    expect(failure.isUnsent).toBe(true);
  });

  test('is not sent to this machine if a document of another machine names it', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.end('{}');
    });
    const from = 'https://issuer.example.com/.well-known/openid-configuration';
    const byName = url.replace('127.0.0.1', 'token.example.com');
    const resolve: Resolve = (_, __, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    const send = createSend({ ...options, insecureHttp: true }, resolve);
    const named = (document: string | undefined) =>
      createWebFetch(send, document, () => undefined)(byName, post);
    expect((await failureOf(named(from))).message).toContain('a loopback address');
    expect(requests).toBe(0);
    expect((await named(undefined)).status).toBe(200);
  });
});

describe('a second connection', () => {
  test('is made if the first one broke before anything was sent', async () => {
    // A server without TLS that closes the first connection during the handshake, and serves the second one.
    const authority = createAuthority();
    const { certFile, keyFile } = authority.issue('server');
    const secure = https.createServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (_, response) => void response.end('{}'),
    );
    let connections = 0;
    const front = net.createServer((socket: Socket) => {
      connections++;
      if (connections === 1) socket.resetAndDestroy();
      else secure.emit('connection', socket);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      secure.closeAllConnections();
      front.close();
    });
    const url = `https://127.0.0.1:${(front.address() as AddressInfo).port}/token`;
    const response = await fetchWith({ extraCa: () => authority.ca })(url, post);
    expect([response.status, connections]).toEqual([200, 2]);
  });

  test('is not made if the request was sent, because a code works once', async () => {
    let requests = 0;
    const url = await serve((request) => {
      requests++;
      request.socket.resetAndDestroy();
    });
    const failure = await failureOf(fetchWith()(url, post));
    expect([failure.isUnsent, requests]).toEqual([false, 1]);
  });

  test('is made once', async () => {
    let connections = 0;
    const front = net.createServer((socket) => {
      connections++;
      socket.resetAndDestroy();
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void front.close());
    const url = `https://127.0.0.1:${(front.address() as AddressInfo).port}/token`;
    const failure = await failureOf(fetchWith()(url, post));
    expect([failure.isUnsent, connections]).toEqual([true, 2]);
  });
});

test('the client certificate is read for every request', async () => {
  const authority = createAuthority();
  const server = authority.issue('server');
  const files = ['first', 'second'].map((name) => authority.issue(name));
  const names: (string | undefined)[] = [];
  const secure = https.createServer(
    {
      cert: readFileSync(server.certFile),
      key: readFileSync(server.keyFile),
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      names.push((request.socket as TLSSocket).getPeerX509Certificate()?.subject);
      response.end('{}');
    },
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    secure.closeAllConnections();
    secure.close();
  });
  const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/token`;
  let shown: ClientCertificate | undefined;
  const fetch = fetchWith({ extraCa: () => authority.ca, trustSystemCas: false }, undefined, () => shown);
  expect((await failureOf(fetch(url, post))).message).toMatch(/client certificate/);
  for (const { certFile, keyFile } of files) {
    shown = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    expect((await fetch(url, post)).status).toBe(200);
  }
  expect(names).toEqual(['CN=first', 'CN=second']);
});
