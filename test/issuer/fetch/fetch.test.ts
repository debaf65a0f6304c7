import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createFetch, type FetchOptions } from '../../../src/issuer/fetch/fetch.ts';
import { createAuthority } from '../../support/certificates.ts';

const options: FetchOptions = {
  timeout: 1_000,
  maxBytes: 1_000,
  insecureHttp: false,
  extraCa: undefined,
  trustSystemCas: true,
  proxy: '',
  environment: {},
};

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

async function serve(
  answer: Answer,
  server: http.Server | https.Server = http.createServer(),
): Promise<number> {
  server.on('request', answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('returns the body and the headers', async () => {
  const port = await serve((request, response) => {
    expect(request.headers['accept-encoding']).toBe('identity');
    response.writeHead(200, { 'cache-control': 'max-age=60' }).end('{"a":"é"}');
  });
  const { body, headers } = await createFetch(options)(`http://127.0.0.1:${port}/jwks`);
  expect([body, headers['cache-control']]).toEqual(['{"a":"é"}', 'max-age=60']);
});

describe('is rejected or aborted', () => {
  const failing = (name: string, answer: Answer, message: RegExp) =>
    test(name, async () => {
      const port = await serve(answer);
      await expect(createFetch(options)(`http://127.0.0.1:${port}/`)).rejects.toThrow(message);
    });

  for (const status of [201, 204, 301, 302, 307, 308, 404, 500]) {
    failing(
      `status ${status}`,
      (_, response) => response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end(),
      /status \d+ instead of 200/,
    );
  }
  failing(
    'a body with a content-length above the limit',
    (_, response) => response.writeHead(200, { 'content-length': '1001' }).end('x'.repeat(1001)),
    /larger than 1000 bytes/,
  );
  failing(
    'a body without a length that is too large',
    (_, response) => {
      response.writeHead(200);
      for (let index = 0; index < 100; index++) response.write('x'.repeat(100));
    },
    /larger than 1000 bytes/,
  );
  failing(
    'a body that is truncated',
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('x');
      setImmediate(() => response.destroy());
    },
    /cannot fetch/,
  );
  failing(
    'a body that is too slow',
    (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    },
    /did not respond within 1000 ms/,
  );
  failing('no response', () => {}, /did not respond within 1000 ms/);

  test('an address where nothing listens', async () => {
    await expect(createFetch(options)('http://127.0.0.1:1/')).rejects.toThrow(/ECONNREFUSED/);
  });

  test('a name that does not exist', async () => {
    await expect(
      createFetch({ ...options, insecureHttp: true, timeout: 20_000 })('http://nobody.invalid/'),
    ).rejects.toThrow(/cannot fetch/);
  });

  test.each([
    ['http://example.com/', /plain http/],
    ['ftp://127.0.0.1/', /must begin with https/],
    ['file:///etc/passwd', /must begin with https/],
    ['https://user:secret@example.com/', /must not have a user name or a password/],
    ['https://169.254.169.254/latest', /link-local/],
    ['https://[fe80::1]/', /link-local/],
    ['https://[::ffff:169.254.169.254]/', /link-local/],
    ['https://2852039166/', /link-local/],
    ['not a url', /absolute URL/],
  ])('%s', async (url, message) => {
    const error = await createFetch(options)(url).catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(message);
  });
});

test('a message never repeats the credentials of a URL', async () => {
  const error = await createFetch(options)('https://user:secret@example.com/').catch(
    (caught: Error) => caught,
  );
  expect((error as Error).message).not.toContain('secret');
});

describe('over TLS', () => {
  const authority = createAuthority();
  const secure = async () => {
    const { certFile, keyFile } = authority.issue('issuer');
    const server = https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    return serve((_, response) => response.writeHead(200).end('{}'), server);
  };

  test('rejects an unknown CA, with any environment variables', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const port = await secure();
    await expect(createFetch(options)(`https://127.0.0.1:${port}/`)).rejects.toThrow(/certificate/);
  });

  test('trusts an extra CA, and uses a changed file', async () => {
    const port = await secure();
    let pem = createAuthority().ca;
    const fetch = createFetch({ ...options, extraCa: () => pem });
    await expect(fetch(`https://127.0.0.1:${port}/`)).rejects.toThrow(/certificate/);
    pem = authority.ca;
    expect((await fetch(`https://127.0.0.1:${port}/`)).body).toBe('{}');
  });
});

test("trusts the system's CAs only if it is configured", async () => {
  const [own, system] = [createAuthority(), createAuthority()];
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, system.ca]);
  onTestFinished(() => tls.setDefaultCACertificates(before));
  const { certFile, keyFile } = system.issue('issuer');
  const server = https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  const port = await serve((_, response) => response.writeHead(200).end('{}'), server);
  const url = `https://127.0.0.1:${port}/`;
  const fetchBy = (trustSystemCas: boolean) =>
    createFetch({ ...options, extraCa: () => own.ca, trustSystemCas })(url);
  expect((await fetchBy(true)).body).toBe('{}');
  await expect(fetchBy(false)).rejects.toThrow(/certificate/);
});

describe('through a proxy', () => {
  async function proxy(): Promise<{ url: string; seen: string[] }> {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.url ?? '');
      response.writeHead(200).end('{"by":"proxy"}');
    });
    server.on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  test('that is configured', async () => {
    const { url, seen } = await proxy();
    const fetch = createFetch({ ...options, insecureHttp: true, proxy: url });
    expect((await fetch('http://issuer.invalid/jwks')).body).toBe('{"by":"proxy"}');
    await expect(fetch('https://issuer.invalid/jwks')).rejects.toThrow(/tunnel|502/i);
    expect(seen).toEqual(['http://issuer.invalid/jwks', 'CONNECT issuer.invalid:443']);
  });

  test('from the environment, only if it is configured', async () => {
    const { url, seen } = await proxy();
    const environment = { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: 'direct.invalid' };
    const direct = createFetch({ ...options, insecureHttp: true, environment, timeout: 20_000 });
    await expect(direct('http://issuer.invalid/')).rejects.toThrow();
    expect(seen).toEqual([]);
    const proxied = createFetch({
      ...options,
      insecureHttp: true,
      environment,
      proxy: 'env',
      timeout: 20_000,
    });
    expect((await proxied('http://issuer.invalid/')).body).toBe('{"by":"proxy"}');
    await expect(proxied('http://direct.invalid/')).rejects.toThrow();
    expect(seen).toEqual(['http://issuer.invalid/']);
  });
});

test('aborts a connection without a response', async () => {
  const server = net.createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await expect(createFetch({ ...options, timeout: 200 })(`http://127.0.0.1:${port}/`)).rejects.toThrow(
    /within 200 ms/,
  );
});
