/** Shutdown and reload during a handshake, a tunnel or a fetch. */
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configOf, fileFor, startApp, until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';

/** Connects, sends nothing, and does not close its side of the connection. */
async function connectSilently(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Whether a promise settles within a generous limit. */
function endsWithin(seconds: number, ending: Promise<void>): Promise<boolean> {
  return Promise.race([
    ending.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), seconds * 1000)),
  ]);
}

describe('shutdown', () => {
  test('does not wait for a client that requested a tunnel and stays connected', async () => {
    const service = await startApp();
    const socket = await connectSilently(service.httpPort);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write('CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n');
    await until(() => text.includes('\r\n\r\n'));
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(await endsWithin(10, service.stop())).toBe(true);
  });

  test.each(['http', 'grpc', 'admin'] as const)(
    'does not wait for a connection that never starts its TLS handshake, on the %s listener',
    async (listener) => {
      const { certFile, keyFile } = createAuthority().issue('slow');
      const tls = `${listener}: {tls: {certFile: ${certFile}, keyFile: ${keyFile}}, `;
      const service = await startApp({
        untilReady: false,
        file: fileFor('ISSUER').replace(`${listener}: {`, tls),
        flags: ['--shutdown-timeout=2s'],
      });
      await connectSilently(
        { http: service.httpPort, grpc: service.grpcPort, admin: service.adminPort }[listener],
      );
      // A handshake has its own timeout of 10 s.
      expect(await endsWithin(8, service.stop())).toBe(true);
    },
  );
});

describe('a reload', () => {
  test('of the level applies to the next record', async () => {
    const service = await startApp({ flags: ['--log-level=warn'], untilReady: false });
    const { url } = service.issuer;
    await service.app.reload(await configOf(fileFor(url), ['--log-level=info']));
    await exchange(service.httpPort, request('GET', '/'));
    expect(service.records.filter(({ msg }) => msg === 'check')).toHaveLength(1);
  });

  test('during a key fetch fetches them again, so that a removed key is not used', async () => {
    const service = await startApp();
    const { issuer } = service;
    const ask = async (token: string) =>
      (await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`])))?.status;
    const token = await issuer.mint();
    const good = issuer.jwks;
    const published = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
    let answer = () => {};
    issuer.jwks = (_, response) => {
      answer = () => response.writeHead(200).end(published);
    };
    const hits = issuer.hits.jwks;
    const waiting = ask(await issuer.mint({ header: { kid: 'unheard-of' } }));
    await until(() => issuer.hits.jwks === hits + 1);
    issuer.jwks = good;
    issuer.keys = [await createSigningKey('k2')];
    await service.app.reload(service.config);
    answer();
    await waiting;
    await until(async () => (await ask(token)) === 401);
  });

  test('that removes an issuer stops fetching its keys', async () => {
    const service = await startApp({
      flags: ['--keys-refresh-interval=100ms', '--keys-min-refresh-interval=100ms'],
    });
    const { issuer } = service;
    await until(() => issuer.hits.jwks > 2);
    const file = fileFor('https://127.0.0.1:1');
    await service.app.reload(await configOf(file));
    const hits = issuer.hits.jwks;
    await new Promise((resolve) => setTimeout(resolve, 500));
    // One fetch may have been running.
    expect(issuer.hits.jwks - hits).toBeLessThanOrEqual(1);
  }, 20_000);

  test('of the cache clears it, and that of a message limit is logged to need a restart', async () => {
    const service = await startApp();
    const { issuer } = service;
    await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]));
    const entries = async () =>
      /oidc_authz_token_cache_entries (\d+)/.exec(
        await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text(),
      )?.[1];
    expect(await entries()).toBe('1');
    const file = `${fileFor(issuer.url)}cache: {maxEntries: 5}\nlimits: {maxGrpcMessageSize: 1Ki}\n`;
    await service.app.reload(await configOf(file));
    expect(await entries()).toBe('0');
    expect(service.records.find(({ options }) => options !== undefined)).toMatchObject({
      options: ['limits.maxGrpcMessageSize'],
    });
  });
});

test('disabled listeners are not bound', async () => {
  const service = await startApp({
    file: fileFor('ISSUER').replace('grpc: {', 'grpc: {enabled: false, '),
  });
  expect([service.httpPort > 0, service.grpcPort, service.adminPort > 0]).toEqual([true, 0, true]);
  expect((await exchange(service.httpPort, request('GET', '/')))?.status).toBe(401);
});

test('a listener on [::] is reached over IPv6 and IPv4', async () => {
  const service = await startApp({
    file: fileFor('ISSUER').replace('http: {host: 127.0.0.1', 'http: {host: "[::]"'),
  });
  for (const host of ['127.0.0.1', '[::1]']) {
    expect((await fetch(`http://${host}:${service.httpPort}/`)).status).toBe(401);
  }
});

test('the service stays ready when its keys are too old, and checks report it', async () => {
  const service = await startApp({
    flags: ['--keys-max-stale=0s', '--keys-refresh-interval=100ms', '--keys-min-refresh-interval=100ms'],
  });
  const token = await service.issuer.mint();
  const good = service.issuer.jwks;
  const ask = async () =>
    (await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`])))?.status;
  expect(await ask()).toBe(200);
  service.issuer.jwks = (_, response) => response.writeHead(500).end();
  // Cached or not: nothing is allowed without keys.
  await until(async () => (await ask()) === 403);
  expect((await fetch(`http://127.0.0.1:${service.adminPort}/readyz`)).status).toBe(200);
  service.issuer.jwks = good;
  await until(async () => (await ask()) === 200);
});
