/** The issuer fails in every way, rotates its keys constantly, or is down. There is no wrong allow and no wrong denial. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { until } from '../support/app.ts';
import { type Endpoint, sendJson } from '../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';
import { startProcess } from '../support/process.ts';
import { freshToken, mixed, startGuard } from './guard.ts';
import { askOnce, startLoad } from './load.ts';

const noWrong = { wrongAllows: 0, wrongDenials: [], failed: [], fivehundreds: 0 };
const rotations = 1_000;

test(`R5: ${rotations} rotations under load: after one refresh, a published key is used and a removed one is not`, {
  timeout: 400_000,
}, async () => {
  const { issuer, httpPort, metric } = await startGuard(['--keys-refresh-interval', '24h']);
  const keys: SigningKey[] = [...issuer.keys, await createSigningKey('k2', 'EdDSA')];
  issuer.keys = [...keys];
  const before = issuer.hits.jwks;
  // Requests during the rotations use keys that were published before the last rotation.
  let current = keys[0] as SigningKey;
  const load = startLoad(
    httpPort,
    () => ({ authorization: `Bearer ${freshToken(issuer, current)}`, mustBeAllowed: true }),
    100,
  );
  const wrong: string[] = [];
  for (let rotation = 0; rotation < rotations; rotation++) {
    const [withdrawn, remaining] = keys.slice(-2) as [SigningKey, SigningKey];
    const next = await createSigningKey(`r${rotation}`, 'EdDSA');
    const last = `Bearer ${freshToken(issuer, withdrawn)}`;
    if (rotation === 0)
      await until(
        async () =>
          (await askOnce(httpPort, { authorization: `Bearer ${freshToken(issuer, remaining)}` })) === 200,
      );
    if ((await askOnce(httpPort, { authorization: last })) !== 200)
      wrong.push(`${withdrawn.kid} was refused before it was withdrawn`);
    current = remaining;
    // Requests with the old key get their response before it is withdrawn.
    await new Promise((resolve) => setTimeout(resolve, 60));
    keys.push(next);
    issuer.keys = [remaining, next];
    const authorization = `Bearer ${freshToken(issuer, next)}`;
    let attempts = 0;
    while ((await askOnce(httpPort, { authorization })) !== 200) {
      // Within minRefreshInterval, 100 ms, no fetch is due; then one is enough.
      if (++attempts > 100) {
        wrong.push(`${next.kid} is published and refused`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if ((await askOnce(httpPort, { authorization: last })) === 200)
      wrong.push(`${withdrawn.kid} is withdrawn and good`);
  }
  expect(wrong).toEqual([]);
  expect(await load.stop()).toMatchObject(noWrong);
  // Each rotation causes fetches for two unknown keys, the new one and the withdrawn one. Fast rotations share a fetch within minRefreshInterval.
  expect(issuer.hits.jwks - before).toBeLessThanOrEqual(2 * rotations + 5);
  expect(await metric('oidc_authz_issuer_keys')).toBeLessThanOrEqual(2);
});

test('R6: the issuer replaces its only key: all requests with the new key wait for one fetch, and tokens of the old key are denied', async () => {
  const { issuer, httpPort } = await startGuard(['--keys-refresh-interval', '24h']);
  const old = `Bearer ${freshToken(issuer)}`;
  expect(await askOnce(httpPort, { authorization: old })).toBe(200);
  const before = issuer.hits.jwks;
  const next = await createSigningKey('k2', 'EdDSA');
  issuer.keys = [next];
  await new Promise((resolve) => setTimeout(resolve, 150));
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      askOnce(httpPort, { authorization: `Bearer ${freshToken(issuer, next)}` }),
    ),
  );
  expect(answers).toEqual(Array(50).fill(200));
  expect(issuer.hits.jwks - before).toBe(1);
  expect(await askOnce(httpPort, { authorization: old })).toBe(401);
});

/** Ways in which an issuer fails. */
const failures: readonly [string, Endpoint][] = [
  ['500', (_, response) => void response.writeHead(500).end('no')],
  ['404', (_, response) => void response.writeHead(404).end()],
  ['401', (_, response) => void response.writeHead(401).end()],
  [
    'a redirect',
    (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  ],
  ['another 200', (_, response) => void response.writeHead(204).end()],
  ['silence', () => {}],
  ['a reset', (request) => void request.socket.destroy()],
  [
    'half an answer',
    (request, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"keys":[');
      setTimeout(() => request.socket.destroy(), 20);
    },
  ],
  [
    'one byte at a time',
    (request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 50);
      request.socket.on('close', () => clearInterval(timer));
    },
  ],
  [
    'HTML',
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
  ],
  ['no JSON', (_, response) => void response.end('{"keys":')],
  ['an empty object', (_, response) => sendJson(response, {})],
  ['a list', (_, response) => sendJson(response, [])],
  ['no keys', (_, response) => sendJson(response, { keys: [] })],
  [
    'bad keys alone',
    (_, response) =>
      sendJson(response, { keys: [null, 5, { kty: 'oct', k: 'AA' }, { kty: 'RSA', n: 'AQAB', e: 'AQ' }] }),
  ],
  [
    '10,001 keys',
    (_, response) => sendJson(response, { keys: Array.from({ length: 10_001 }, () => ({ kty: 'RSA' })) }),
  ],
  [
    '300 MB',
    (request, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      let sent = 0;
      const more = () => {
        while (sent++ < 300 && !request.socket.destroyed)
          if (!response.write(chunk)) return void response.once('drain', more);
        response.end();
      };
      more();
    },
  ],
  [
    'a compressed bomb',
    (_, response) =>
      void response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(50 * 1024 * 1024))),
  ],
];

test('R8 to R12: while the issuer fails, known keys stay in use, forged tokens are denied and memory is limited; then the service recovers', {
  timeout: 120_000,
}, async () => {
  const { issuer, httpPort, metric, residentMiB } = await startGuard([
    '--keys-refresh-interval',
    '200ms',
    '--keys-timeout',
    '500ms',
  ]);
  const refreshes = (result: string) =>
    metric('oidc_authz_issuer_refreshes_total', `kind="jwks",result="${result}"`).catch(() => 0);
  const good = issuer.jwks;
  const load = startLoad(httpPort, mixed(issuer), 150);
  const resident = residentMiB();
  let highest = resident;
  for (const [name, endpoint] of failures) {
    const failed = await refreshes('failure');
    issuer.jwks = endpoint;
    await until(async () => {
      highest = Math.max(highest, residentMiB());
      return (await refreshes('failure')) > failed;
    }, 15).catch(() => {
      throw new Error(`${name} counts as no failure`);
    });
    issuer.jwks = good;
    const succeeded = await refreshes('success');
    await until(async () => (await refreshes('success')) > succeeded, 20);
  }
  expect(await load.stop()).toMatchObject(noWrong);
  expect(highest - resident).toBeLessThan(80);
});

test('R12: an issuer that fails at every second fetch causes no denial', async () => {
  const { issuer, httpPort } = await startGuard(['--keys-refresh-interval', '100ms']);
  const good = issuer.jwks;
  let calls = 0;
  issuer.jwks = (request, response) =>
    calls++ % 2 === 0 ? void response.writeHead(503).end() : good(request, response);
  const load = startLoad(httpPort, mixed(issuer), 200);
  await until(() => calls >= 10, 30);
  expect(await load.stop()).toMatchObject(noWrong);
});

test('R1: the issuer is down at the start: every request is denied immediately, the process keeps running, and it is ready when the issuer returns', async () => {
  const { issuer, httpPort, adminPort, service } = await startGuard();
  // A new service, with an issuer that hangs.
  const hanging = issuer.discovery;
  issuer.discovery = () => {};
  const again = startProcess([
    '--issuer',
    issuer.url,
    '--audience',
    'orders-api',
    '--http-host',
    '127.0.0.1',
    '--http-port',
    '0',
    '--grpc-enabled',
    'false',
    '--admin-host',
    '127.0.0.1',
    '--admin-port',
    '0',
    '--keys-timeout',
    '500ms',
  ]);
  const port = await again.port('http');
  const authorization = `Bearer ${freshToken(issuer)}`;
  expect(await askOnce(port, { authorization })).toBe(403);
  expect(await askOnce(port, {})).toBe(401);
  const admin = await again.port('admin');
  expect(
    await Promise.all(
      ['livez', 'readyz'].map(async (path) => (await fetch(`http://127.0.0.1:${admin}/${path}`)).status),
    ),
  ).toEqual([200, 503]);
  issuer.discovery = hanging;
  await until(async () => (await askOnce(port, { authorization })) === 200, 20);
  // The first service kept its keys.
  expect(await askOnce(httpPort, { authorization })).toBe(200);
  expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);
  expect(service.errors()).toBe('');
});
