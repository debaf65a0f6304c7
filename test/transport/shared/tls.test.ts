/** The certificate of a listener while its files change, are truncated or disappear. Real handshakes show which one is in use. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TlsFiles } from '../../../src/config/declare/options.ts';
import { createIssuerEvents } from '../../../src/observe/issuer-events.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { keepTlsFresh, readTls } from '../../../src/transport/shared/tls.ts';
import { createTlsEvents } from '../../../src/transport/shared/tls-events.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createTestClock } from '../../support/clock.ts';

const authority = createAuthority();
const [first, second] = [authority.issue('first'), authority.issue('second')];
const other = createAuthority();
const client = authority.issue('client');

async function listener({ withClientCa = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [certFile, keyFile, clientCaFile] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  copyFileSync(first.certFile, certFile);
  copyFileSync(first.keyFile, keyFile);
  copyFileSync(authority.caFile, clientCaFile);
  const files: TlsFiles = {
    certFile,
    keyFile,
    minVersion: 'TLSv1.2',
    ...(withClientCa && { clientCaFile }),
  };
  const server = tls.createServer(readTls(files), (socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const clock = createTestClock();
  const events: string[] = [];
  const start = () => {
    const stop = keepTlsFresh(server, files, clock, (error) =>
      events.push(error === undefined ? 'new' : 'refused'),
    );
    onTestFinished(stop);
  };
  /** The subject of the certificate in a handshake, or that there was none. */
  const servedCertificate = () =>
    new Promise<string>((resolve) => {
      const credentials = { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) };
      const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.ca, ...credentials });
      let greeting = '';
      let name = '';
      socket.on('secureConnect', () => {
        name = String(socket.getPeerCertificate().subject.CN);
      });
      socket.on('data', (chunk) => {
        greeting += chunk;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(greeting === 'hello' ? name : 'no handshake'));
    });
  const { port } = server.address() as AddressInfo;
  return { certFile, keyFile, clientCaFile, clock, events, start, servedCertificate, port };
}

test('uses a new pair when certificate and key match, with any time between the two writes', async () => {
  const { certFile, keyFile, clock, events, start, servedCertificate } = await listener();
  start();
  await clock.advance(3_000);
  expect([events, await servedCertificate()]).toEqual([[], 'first']);
  copyFileSync(second.certFile, certFile);
  await clock.advance(60_000);
  expect([events, await servedCertificate()]).toEqual([['refused'], 'first']);
  copyFileSync(second.keyFile, keyFile);
  await clock.advance(2_000);
  expect([events, await servedCertificate()]).toEqual([['refused', 'new'], 'second']);
});

test('reports a pair that is replaced between two polls once', async () => {
  const { certFile, keyFile, clock, events, start, servedCertificate } = await listener();
  start();
  copyFileSync(second.keyFile, keyFile);
  await clock.advance(1_000);
  copyFileSync(second.certFile, certFile);
  await clock.advance(5_000);
  expect([events, await servedCertificate()]).toEqual([['new'], 'second']);
});

test('uses files that change before the first poll', async () => {
  const { certFile, keyFile, clock, events, start, servedCertificate } = await listener();
  copyFileSync(second.certFile, certFile);
  copyFileSync(second.keyFile, keyFile);
  start();
  await clock.advance(3_000);
  expect([events, await servedCertificate()]).toEqual([[], 'second']);
});

describe('instead of the certificate, the key or the client CA', () => {
  const cut = (file: string) => {
    const text = readFileSync(file);
    writeFileSync(file, text.subarray(0, text.length / 2));
  };
  const spoilers: [string, (file: string) => void][] = [
    ['a missing file', (file) => rmSync(file)],
    ['an empty file', (file) => writeFileSync(file, '')],
    ['a comment', (file) => writeFileSync(file, '# nothing yet\n')],
    ['a truncated file', cut],
    [
      'a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      'a complete and a truncated block',
      (file) => writeFileSync(file, readFileSync(file, 'utf8') + readFileSync(file, 'utf8').slice(0, 80)),
    ],
  ];
  test.each(spoilers)('%s is rejected, and the old files stay in use', async (_, spoil) => {
    for (const which of ['certFile', 'keyFile', 'clientCaFile'] as const) {
      const started = await listener({ withClientCa: true });
      started.start();
      const file = started[which];
      const before = readFileSync(file);
      spoil(file);
      await started.clock.advance(5_000);
      expect([which, started.events, await started.servedCertificate()]).toEqual([
        which,
        ['refused'],
        'first',
      ]);
      rmSync(file, { recursive: true, force: true });
      writeFileSync(file, before);
      await started.clock.advance(5_000);
      expect([which, started.events, await started.servedCertificate()]).toEqual([
        which,
        ['refused', 'new'],
        'first',
      ]);
    }
  });

  test.each(spoilers)('%s at the start is an error', async (_, spoil) => {
    for (const which of ['certFile', 'keyFile', 'clientCaFile'] as const) {
      const { certFile, keyFile, clientCaFile, ...started } = await listener({ withClientCa: true });
      const files = { certFile, keyFile, clientCaFile, minVersion: 'TLSv1.2' } as const;
      spoil(files[which]);
      expect(() => readTls(files), which).toThrow();
      expect(await started.servedCertificate()).toBe('first');
    }
  });
});

test('a certificate with another key is an error at the start', async () => {
  const { certFile } = await listener();
  expect(() => readTls({ certFile, keyFile: second.keyFile, minVersion: 'TLSv1.2' })).toThrow(/mismatch/);
  expect(() => readTls({ certFile, keyFile: first.keyFile, minVersion: 'TLSv1.2' })).not.toThrow();
});

test('a new client CA is used for new connections', async () => {
  const { clientCaFile, clock, events, start, servedCertificate } = await listener({ withClientCa: true });
  start();
  expect(await servedCertificate()).toBe('first');
  copyFileSync(other.caFile, clientCaFile);
  await clock.advance(2_000);
  expect([events, await servedCertificate()]).toEqual([['new'], 'no handshake']);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a client whose CA was removed is rejected with an old session, with %s',
  async (version) => {
    const { clientCaFile, clock, events, start, port } = await listener({ withClientCa: true });
    start();
    const connect = (session: Buffer | undefined) =>
      new Promise<{ greeting: string; isResumed: boolean; session: Buffer | undefined }>((resolve) => {
        const socket = tls.connect({
          ...{ port, host: '127.0.0.1', ca: authority.ca, minVersion: version, maxVersion: version },
          ...{ cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) },
          ...(session !== undefined && { session }),
        });
        let greeting = '';
        let next: Buffer | undefined;
        let isResumed = false;
        socket.on('secureConnect', () => {
          isResumed = socket.isSessionReused();
        });
        socket.on('session', (session) => {
          next = session;
        });
        socket.on('data', (chunk) => {
          greeting += chunk;
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve({ greeting, isResumed, session: next }));
      });
    const { session } = await connect(undefined);
    expect(session).toBeDefined();
    expect(await connect(session)).toMatchObject({ greeting: 'hello', isResumed: true });
    copyFileSync(other.caFile, clientCaFile);
    await clock.advance(2_000);
    expect(events).toEqual(['new']);
    expect((await connect(session)).greeting).toBe('');
  },
);

test('counts and logs reloads', async () => {
  const lines: string[] = [];
  const metrics = createMetrics(
    { cacheEntries: () => 0, workers: () => 1, proofs: () => 0, issuers: () => [] },
    { version: '0', node: '0' },
  );
  const logger = createLogger('info', { write: (line: string) => lines.push(line) });
  const ofListener = createTlsEvents('http', logger, metrics);
  const { onTrustReload } = createIssuerEvents('main', logger, metrics, () => {});
  for (const tell of [ofListener, onTrustReload]) {
    tell(undefined);
    tell(new Error('/etc/x.pem: cut'));
  }
  const text = await metrics.scrape();
  for (const kind of ['listener', 'ca'])
    for (const result of ['success', 'failure'])
      expect(text).toContain(`oidc_authz_certificate_reloads_total{kind="${kind}",result="${result}"} 1`);
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(['info', 'error', 'info', 'error']);
  expect(lines.filter((line) => line.includes('/etc/x.pem: cut'))).toHaveLength(2);
});
