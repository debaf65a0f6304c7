/** Connections with a wrong protocol are logged and counted: from real clients and from raw bytes. */
import { execFile } from 'node:child_process';
import net from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor, type RunningApp, runApp, startApp, stopByClock, until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { createTestClock } from '../support/clock.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { startProcess } from '../support/process.ts';

const authority = createAuthority();
const { certFile, keyFile } = authority.issue('service');
const tls = `tls: {certFile: ${certFile}, keyFile: ${keyFile}}`;
const secureFile = fileFor('ISSUER').replaceAll('port: 0}', `port: 0, ${tls}}`);

const portOf = (app: RunningApp, listener: string) =>
  ({ http: app.httpPort, grpc: app.grpcPort, admin: app.adminPort })[listener] ?? 0;

/** Sends bytes in several packets, and waits until the server closes the connection. */
async function send(port: number, ...packets: readonly (string | Buffer)[]): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const packet of packets) await new Promise((resolve) => socket.write(packet, resolve));
  socket.resume();
  await closed;
}

const run = promisify(execFile);

/** Runs curl, which is expected to fail. */
const curl = (...args: readonly string[]) =>
  run('curl', ['-sk', '--max-time', '10', ...args]).then(
    () => {},
    () => {},
  );

const rejections = ({ records }: Pick<RunningApp, 'records'>) =>
  records
    .filter(({ msg }) => String(msg).startsWith('connections are rejected'))
    .map(({ level, listener, cause, count, msg }) => ({ level, listener, cause, count, msg: String(msg) }));

const count = async (scrape: () => Promise<string>, listener: string, cause: string) => {
  const line = new RegExp(
    `^oidc_authz_connections_rejected_total\\{listener="${listener}",cause="${cause}"\\} (\\d+)$`,
    'm',
  );
  return Number(line.exec(await scrape())?.[1] ?? 0);
};

const hello = Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(194)]);
const version2 = Buffer.from('0d0a0d0a000d0a515549540a21110000', 'hex');
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

describe('a listener in plain text', () => {
  const wrong: [listener: string, what: string, cause: string, packets: (string | Buffer)[], fix: RegExp][] =
    [];
  for (const listener of ['http', 'admin']) {
    wrong.push(
      [listener, 'TLS', 'tls', [hello], new RegExp(`${listener}\\.tls`)],
      [listener, 'HTTP/2', 'http2', [preface], /HTTP\/2/],
      [
        listener,
        'the PROXY protocol',
        'proxy_protocol',
        ['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n'],
        /PROXY protocol/,
      ],
      [listener, 'the PROXY protocol, version 2', 'proxy_protocol', [version2], /PROXY protocol/],
      [
        listener,
        'the PROXY protocol, in parts',
        'proxy_protocol',
        [version2.subarray(0, 4), version2.subarray(4)],
        /PROXY protocol/,
      ],
      [listener, 'something else', 'unknown', [Buffer.from([0, 1, 2, 3, 200, 201])], /port/],
    );
  }
  wrong.push(
    ['grpc', 'TLS', 'tls', [hello], /grpc\.tls.*transport socket/],
    ['grpc', 'HTTP/1', 'http1', ['GET / HTTP/1.1\r\nhost: a\r\n\r\n'], /http2_protocol_options/],
    [
      'grpc',
      'the PROXY protocol',
      'proxy_protocol',
      [`PROXY TCP6 ::1 ::1 1 2\r\n${preface}`],
      /PROXY protocol/,
    ],
    [
      'grpc',
      'the PROXY protocol, version 2',
      'proxy_protocol',
      [Buffer.concat([version2, Buffer.from(preface)])],
      /PROXY protocol/,
    ],
    ['grpc', 'something else', 'unknown', [Buffer.from([0, 1, 2, 3, 200, 201])], /grpc\.port/],
  );

  test.each(wrong)('%s: %s', async (listener, _, cause, packets, fix) => {
    const app = await startApp();
    await send(portOf(app, listener), ...packets);
    await until(() => rejections(app).length > 0);
    expect(rejections(app)).toEqual([
      { level: 'warn', listener, cause, count: 1, msg: expect.stringMatching(fix) },
    ]);
    const scrape = async () => (await fetch(`http://127.0.0.1:${app.adminPort}/metrics`)).text();
    expect(await count(scrape, listener, cause)).toBe(1);
  });

  test.each([
    [
      'a flood',
      'flood',
      [preface, '\0\0\x08\x06\0\0\0\0\0'.padEnd(17, '\0').repeat(300)],
      'too many PING frames',
    ],
    [
      'a frame against the rules',
      'protocol_error',
      [preface, '\0\0\0\0\0\0\0\0\0'],
      'frame of type 0 on stream 0',
    ],
    [
      'a first frame that is not SETTINGS',
      'protocol_error',
      [preface.replace('\x04', '\x06')],
      'the first frame is not SETTINGS',
    ],
  ])('grpc: HTTP/2 with %s', async (_, cause, packets, detail) => {
    const app = await startApp();
    await send(app.grpcPort, ...packets);
    await until(() => rejections(app).length > 0);
    expect(rejections(app)).toMatchObject([{ level: 'warn', listener: 'grpc', cause, count: 1 }]);
    expect(app.records.find((record) => record.cause === cause)?.detail).toBe(detail);
    const scrape = async () => (await fetch(`http://127.0.0.1:${app.adminPort}/metrics`)).text();
    expect(await count(scrape, 'grpc', cause)).toBe(1);
  });

  test('is reported for real clients', async () => {
    const app = await startApp();
    await curl(`https://127.0.0.1:${app.httpPort}/`);
    await curl('--http2-prior-knowledge', `http://127.0.0.1:${app.httpPort}/`);
    await curl('--haproxy-protocol', `http://127.0.0.1:${app.httpPort}/`);
    await curl(`https://127.0.0.1:${app.grpcPort}/`);
    await curl('--http1.1', `http://127.0.0.1:${app.grpcPort}/`);
    await curl('--haproxy-protocol', '--http2-prior-knowledge', `http://127.0.0.1:${app.grpcPort}/`);
    await curl(`https://127.0.0.1:${app.adminPort}/readyz`);
    await until(() => rejections(app).length === 7);
    expect(
      rejections(app)
        .map(({ listener, cause }) => `${listener} ${cause}`)
        .toSorted(),
    ).toEqual([
      'admin tls',
      'grpc http1',
      'grpc proxy_protocol',
      'grpc tls',
      'http http2',
      'http proxy_protocol',
      'http tls',
    ]);
  });

  test('does not report faults of the client', async () => {
    const app = await startApp();
    for (const listener of ['http', 'grpc', 'admin']) {
      for (let times = 0; times < 3; times++) {
        const socket = net.connect(portOf(app, listener), '127.0.0.1');
        await new Promise((resolve) => socket.once('connect', resolve));
        if (times === 0) socket.destroy();
        else if (times === 1) socket.resetAndDestroy();
        else socket.end();
        await new Promise((resolve) => socket.once('close', resolve));
      }
    }
    // An invalid request of a client can still be HTTP.
    await send(app.httpPort, 'WHATEVER / HTTP/1.1\r\nhost: a\r\n\r\n');
    await send(app.httpPort, 'GET / HTTP/1.1\r\nhost: a\r\nx y\r\n\r\n');
    await send(app.httpPort, `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`);
    await send(
      app.httpPort,
      'GET / HTTP/1.1\r\nhost: a\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.padStart(200, '\r\n'),
    );
    expect(rejections(app)).toEqual([]);
  });

  test('does not log what a client sent', async () => {
    const app = await startApp();
    const secret = 'eyJhbGciOiJub25lIn0.c2VjcmV0.';
    await send(
      app.grpcPort,
      `GET /?token=${secret} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${secret}\r\n\r\n`,
    );
    await send(
      app.httpPort,
      `PROXY TCP4 ${secret} b 1 2\r\nGET / HTTP/1.1\r\nauthorization: Bearer ${secret}\r\n\r\n`,
    );
    await until(() => rejections(app).length === 2);
    expect(app.logText()).not.toContain('c2VjcmV0');
  });
});

describe('a listener with TLS', () => {
  const scrapes = (app: RunningApp) => async () =>
    (await run('curl', ['-sk', `https://127.0.0.1:${app.adminPort}/metrics`])).stdout;

  test.each([
    ['http', ['GET / HTTP/1.1\r\nhost: a\r\n\r\n'], 'plain_text'],
    ['http', [preface], 'plain_text'],
    ['http', ['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'], 'plain_text'],
    ['http', [version2], 'plain_text'],
    ['grpc', [preface], 'plain_text'],
    ['grpc', ['POST / HTTP/1.1\r\nhost: a\r\n\r\n'], 'plain_text'],
    ['admin', ['GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n'], 'plain_text'],
  ])('%s: plain text', async (listener, packets, cause) => {
    const app = await startApp({ file: secureFile });
    await send(portOf(app, listener), ...packets);
    await until(() => rejections(app).length > 0);
    expect(rejections(app)).toMatchObject([
      { level: 'warn', listener, cause, count: 1, msg: expect.stringContaining(`\`${listener}.tls\``) },
    ]);
    expect(await count(scrapes(app), listener, cause)).toBe(1);
  });

  test('reports failed handshakes too', async () => {
    const clientCa = `, clientCaFile: ${authority.caFile}}`;
    const file = secureFile.replace(/(http: .*?)\}\}/, `$1${clientCa}}`);
    const app = await startApp({ file });
    await curl(`https://127.0.0.1:${app.httpPort}/`);
    await curl('--http1.1', `https://127.0.0.1:${app.grpcPort}/`);
    await curl('--tls-max', '1.1', '--ciphers', 'DEFAULT:@SECLEVEL=0', `https://127.0.0.1:${app.grpcPort}/`);
    // A client that does not trust the CA of our certificate.
    await run('curl', ['-s', '--tls-max', '1.2', '--http2', `https://127.0.0.1:${app.grpcPort}/`]).catch(
      () => {},
    );
    const stranger = createAuthority().issue('stranger');
    await curl('--cert', stranger.certFile, '--key', stranger.keyFile, `https://127.0.0.1:${app.httpPort}/`);
    await until(async () => (await count(scrapes(app), 'http', 'client_certificate')) === 2);
    await until(() => rejections(app).length === 4);
    expect(
      rejections(app)
        .map(({ listener, cause }) => `${listener} ${cause}`)
        .toSorted(),
    ).toEqual(['grpc alpn', 'grpc certificate_refused', 'grpc tls_version', 'http client_certificate']);
  });

  test('does not report connections that are opened and closed', async () => {
    const app = await startApp({ file: secureFile });
    for (const listener of ['http', 'grpc', 'admin']) {
      const socket = net.connect(portOf(app, listener), '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.end();
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await curl(`https://127.0.0.1:${app.adminPort}/readyz`);
    expect(rejections(app)).toEqual([]);
  });
});

test('is logged once a minute for each listener and cause, and always counted', async () => {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const clock = createTestClock();
  const app = await runApp({ issuer, clock });
  stopByClock(app, clock);
  const scrape = async () => (await fetch(`http://127.0.0.1:${app.adminPort}/metrics`)).text();
  const wait = (times: number) => until(async () => (await count(scrape, 'grpc', 'http1')) === times);
  const ask = () => send(app.grpcPort, 'GET / HTTP/1.1\r\n\r\n');
  for (let times = 0; times < 5; times++) await ask();
  await wait(5);
  await clock.advance(59_000);
  await ask();
  await wait(6);
  expect(rejections(app)).toHaveLength(1);
  await send(app.grpcPort, hello);
  await until(() => rejections(app).length === 2);
  await clock.advance(1_000);
  await ask();
  await wait(7);
  expect(rejections(app).map(({ cause, count: many }) => [cause, many])).toEqual([
    ['http1', 1],
    ['tls', 1],
    ['http1', 6],
  ]);
});

test('with workers the sum is counted, and the main process logs it once', async () => {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const free = ['http', 'grpc', 'admin'].flatMap((name) => [`--${name}-port=0`, `--${name}-host=127.0.0.1`]);
  const service = startProcess([
    ...['--issuer', issuer.url, '--audience', 'orders-api', '--workers=2', '--shutdown-delay=0s'],
    ...free,
  ]);
  const [http, grpc, admin] = await Promise.all(['http', 'grpc', 'admin'].map(service.port));
  await service.record(({ state }) => state === 'ready');
  const scrape = async () => (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  for (let times = 0; times < 6; times++) {
    await send(http ?? 0, hello);
    await send(grpc ?? 0, 'GET / HTTP/1.1\r\n\r\n');
  }
  await until(async () => (await count(scrape, 'http', 'tls')) === 6);
  await until(async () => (await count(scrape, 'grpc', 'http1')) === 6);
  const rejections = service
    .output()
    .split('\n')
    .filter((line) => line.includes('connections are rejected'))
    .map((line) => JSON.parse(line));
  expect(rejections.map(({ listener, cause, worker }) => [listener, cause, worker])).toEqual([
    ['http', 'tls', undefined],
    ['grpc', 'http1', undefined],
  ]);
});
