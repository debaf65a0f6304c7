/** Floods, missing resources, and the end of the process. There is no wrong allow and no wrong denial, and memory is limited. */
import net from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../support/app.ts';
import { audience } from '../support/fake-issuer.ts';
import { createSigningKey } from '../support/keys.ts';
import { startProcess } from '../support/process.ts';
import { forgedToken, freshToken, mixed, startGuard } from './guard.ts';
import { askOnce, type Question, startLoad } from './load.ts';

const noWrong = { wrongAllows: 0, wrongDenials: [], failed: [], fivehundreds: 0 };
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('R13: a flood of unknown key IDs causes few fetches, and valid tokens are allowed', {
  timeout: 60_000,
}, async () => {
  const { issuer, httpPort, residentMiB } = await startGuard([
    '--keys-min-refresh-interval',
    '1s',
    '--keys-refresh-interval',
    '24h',
  ]);
  const before = { hits: issuer.hits.jwks, resident: residentMiB() };
  let kid = 0;
  const storm = startLoad(
    httpPort,
    () => ({ authorization: `Bearer ${forgedToken(issuer, `unknown-${kid++}`)}`, mustBeAllowed: false }),
    1_500,
  );
  const good = startLoad(
    httpPort,
    () => ({ authorization: `Bearer ${freshToken(issuer)}`, mustBeAllowed: true }),
    50,
  );
  const startedAt = performance.now();
  await until(() => storm.requests() > 3_000 && issuer.hits.jwks > before.hits, 40);
  const seconds = (performance.now() - startedAt) / 1000;
  const [ofStorm, ofGood] = [await storm.stop(), await good.stop()];
  expect(ofStorm).toMatchObject(noWrong);
  expect(ofGood).toMatchObject(noWrong);
  // One per second of the test, and those in flight.
  expect(issuer.hits.jwks - before.hits).toBeLessThanOrEqual(2 * seconds + 4);
  expect(residentMiB() - before.resident).toBeLessThan(80);
});

test('R20, F16: a flood of forged tokens does not delay valid tokens or the refresh of keys', {
  timeout: 60_000,
}, async () => {
  const { issuer, httpPort } = await startGuard(['--keys-refresh-interval', '300ms']);
  const flood = startLoad(
    httpPort,
    () => ({ authorization: `Bearer ${forgedToken(issuer, 'k1')}`, mustBeAllowed: false }),
    2_500,
  );
  const good = startLoad(httpPort, mixed(issuer), 60);
  const before = issuer.hits.jwks;
  await until(() => flood.requests() > 2_000 && issuer.hits.jwks >= before + 5, 40);
  expect(await flood.stop()).toMatchObject(noWrong);
  expect(await good.stop()).toMatchObject(noWrong);
});

test('R21: with 128 files and 1,000 connections the process survives, and serves again after they close', {
  timeout: 60_000,
}, async () => {
  const { issuer, httpPort, service } = await startGuard([], 'ulimit -n 128;');
  const sockets = Array.from({ length: 1_000 }, () =>
    net.connect(httpPort, '127.0.0.1').on('error', () => {}),
  );
  await sleep(2_000);
  expect(service.child.exitCode).toBeNull();
  for (const socket of sockets) socket.destroy();
  const authorization = `Bearer ${freshToken(issuer)}`;
  await until(async () => (await askOnce(httpPort, { authorization }).catch(() => 0)) === 200, 15);
  expect(await askOnce(httpPort, { authorization: `Bearer ${forgedToken(issuer, 'k1')}` })).toBe(401);
  expect(service.child.exitCode).toBeNull();
});

test('R22: 3,000 connections with one request each get the right responses', {
  timeout: 60_000,
}, async () => {
  const { issuer, httpPort, service } = await startGuard();
  const next = mixed(issuer);
  for (let round = 0; round < 15; round++) {
    const questions = Array.from({ length: 200 }, () => next());
    const statuses = await Promise.all(
      questions.map(({ authorization }) =>
        askOnce(httpPort, { authorization, connection: 'close' }).catch(() => 'lost'),
      ),
    );
    for (const [index, { mustBeAllowed }] of questions.entries())
      if (statuses[index] !== 'lost') expect(statuses[index] === 200).toBe(mustBeAllowed);
    expect(statuses.filter((status) => status === 'lost').length).toBeLessThan(5);
  }
  expect(service.child.exitCode).toBeNull();
});

test('R18: a process that was stopped for 3 s answers all waiting requests correctly, and reports the delay', {
  timeout: 60_000,
}, async () => {
  const { issuer, httpPort, service, metric } = await startGuard();
  const load = startLoad(httpPort, mixed(issuer), 60);
  await sleep(500);
  service.child.kill('SIGSTOP');
  await sleep(3_000);
  service.child.kill('SIGCONT');
  await sleep(1_000);
  const result = await load.stop();
  // A new token that waited longer than the deadline ends as overloaded, which is not an allow.
  expect({ ...result, wrongDenials: result.wrongDenials.filter((status) => status !== 403) }).toMatchObject(
    noWrong,
  );
  expect(await metric('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(1);
  expect(await askOnce(httpPort, { authorization: `Bearer ${freshToken(issuer)}` })).toBe(200);
});

test('R31: with a heap of 96 MiB, 60,000 distinct tokens get the right responses', {
  timeout: 120_000,
}, async () => {
  const { issuer, httpPort, service } = await startGuard([], 'NODE_OPTIONS=--max-old-space-size=96');
  const counts = { right: 0, wrong: 0 };
  for (let round = 0; round < 120; round++) {
    const tokens = Array.from({ length: 500 }, () => freshToken(issuer));
    for (const status of await pipelined(httpPort, tokens)) counts[status === 200 ? 'right' : 'wrong']++;
  }
  expect(counts).toEqual({ right: 60_000, wrong: 0 });
  expect(service.child.exitCode).toBeNull();
});

/** Sends pipelined requests on one connection, 64 at a time, and reads the statuses. */
function pipelined(port: number, tokens: readonly string[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const statuses: number[] = [];
    let [sent, rest] = [0, ''];
    const send = () => {
      while (sent < tokens.length && sent - statuses.length < 64)
        socket.write(`GET / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens[sent++]}\r\n\r\n`);
    };
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection was closed')));
    socket.on('data', (chunk) => {
      const text = rest + chunk.toString('latin1');
      const found = [...text.matchAll(/HTTP\/1\.1 (\d{3}) [^\n]*\n/g)];
      statuses.push(...found.map(([, status]) => Number(status)));
      const last = found.at(-1);
      rest = last === undefined ? text : text.slice(last.index + last[0].length);
      if (statuses.length === tokens.length) {
        socket.removeAllListeners('close').destroy();
        resolve(statuses);
      } else send();
    });
    send();
  });
}

test('R34: repeated rounds of 50 scrapes at once do not affect checks', { timeout: 60_000 }, async () => {
  const { issuer, httpPort, adminPort } = await startGuard();
  const load = startLoad(httpPort, mixed(issuer), 150);
  for (let round = 0; round < 10; round++) {
    const scrapes = await Promise.all(
      Array.from({ length: 50 }, async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).status),
    );
    expect(scrapes).toEqual(Array(50).fill(200));
  }
  expect(await load.stop()).toMatchObject(noWrong);
});

test('the process is killed and restarted: nothing is allowed before it is ready, and then valid tokens are', {
  timeout: 60_000,
}, async () => {
  const { issuer, httpPort, service } = await startGuard();
  const known = freshToken(issuer);
  const next = (): Question => ({
    authorization: `Bearer ${forgedToken(issuer, 'k1')}`,
    mustBeAllowed: false,
  });
  const load = startLoad(httpPort, next, 60);
  expect(await askOnce(httpPort, { authorization: `Bearer ${known}` })).toBe(200);
  service.child.kill('SIGKILL');
  await service.exit;
  const again = startProcess([
    '--issuer',
    issuer.url,
    '--audience',
    audience,
    '--http-host',
    '127.0.0.1',
    '--http-port',
    String(httpPort),
    '--grpc-enabled',
    'false',
    '--admin-host',
    '127.0.0.1',
    '--admin-port',
    '0',
  ]);
  await again.record(({ state }) => state === 'ready');
  expect(await askOnce(httpPort, { authorization: `Bearer ${known}` })).toBe(200);
  const { wrongAllows, fivehundreds } = await load.stop();
  expect({ wrongAllows, fivehundreds }).toEqual({ wrongAllows: 0, fivehundreds: 0 });
});

test('R35: 20 s of all faults at once leave no open file and no wrong response', {
  timeout: 120_000,
}, async () => {
  const { issuer, httpPort, openFiles, residentMiB } = await startGuard(['--keys-refresh-interval', '500ms']);
  await askOnce(httpPort, { authorization: `Bearer ${freshToken(issuer)}` });
  const files = openFiles();
  const [k1] = issuer.keys;
  const good = startLoad(
    httpPort,
    () => ({ authorization: `Bearer ${freshToken(issuer, k1)}`, mustBeAllowed: true }),
    100,
  );
  const bad = startLoad(
    httpPort,
    () => ({
      authorization: `Bearer ${forgedToken(issuer, Math.random() < 0.5 ? 'k1' : `x${Math.random()}`)}`,
      mustBeAllowed: false,
    }),
    400,
  );
  const end = performance.now() + 20_000;
  const resident: number[] = [];
  for (let round = 0; performance.now() < end; round++) {
    issuer.keys = [k1 as NonNullable<typeof k1>, await createSigningKey(`round-${round}`, 'EdDSA')];
    const strays = Array.from({ length: 50 }, () => net.connect(httpPort, '127.0.0.1').on('error', () => {}));
    for (const [index, socket] of strays.entries())
      socket.write(index % 2 === 0 ? 'GET / HTTP/1.1\r\nhost' : '\x16\x03\x01\0\0nonsense\r\n\r\n');
    await sleep(900);
    for (const socket of strays) socket.destroy();
    resident.push(residentMiB());
  }
  expect(await good.stop()).toMatchObject(noWrong);
  expect(await bad.stop()).toMatchObject(noWrong);
  await until(() => openFiles() <= files + 3, 20);
  expect(Math.max(...resident.slice(-5)) - Math.max(...resident.slice(3, 8))).toBeLessThan(40);
});
