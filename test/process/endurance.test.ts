/** A service under a flood of tokens. */
import { createHash, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey } from '../support/keys.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';
import { base64url, goodClaims, privateKeyObject } from '../support/tokens.ts';

const local = ['http', 'grpc', 'admin'].flatMap((name) => [
  `--${name}-host`,
  '127.0.0.1',
  `--${name}-port`,
  '0',
]);

async function startService(): Promise<{ issuer: FakeIssuer; service: ServiceProcess; port: number }> {
  const issuer = await startFakeIssuer({ keys: [await createSigningKey('k1', 'EdDSA')] });
  onTestFinished(() => issuer.close());
  const service = startProcess([
    '--issuer',
    issuer.url,
    '--audience',
    audience,
    ...local,
    '--log-checks',
    'none',
  ]);
  await service.record(({ state }) => state === 'ready');
  return { issuer, service, port: await service.port('http') };
}

/** Sends tokens over one connection, at most 64 at a time, and counts the statuses of the answers. */
async function sendAll(port: number, tokens: Iterable<string>): Promise<Record<string, number>> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const statuses: Record<string, number> = {};
  let [received, rest] = [0, ''];
  let wake = () => {};
  socket.on('data', (chunk) => {
    const text = rest + chunk.toString('latin1');
    const found = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)];
    for (const [, status = ''] of found) statuses[status] = (statuses[status] ?? 0) + 1;
    received += found.length;
    const last = found.at(-1);
    rest = text.slice(Math.max(last === undefined ? 0 : last.index + last[0].length, text.length - 13));
    wake();
  });
  let sent = 0;
  for (const token of tokens) {
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
    sent++;
    while (sent - received >= 64) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  while (received < sent) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  socket.destroy();
  return statuses;
}

function residentMiB({ pid }: ServiceProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test('memory stays flat with 200,000 distinct tokens', { timeout: 300_000 }, async () => {
  const { issuer, service, port } = await startService();
  const [key] = issuer.keys;
  if (key === undefined) throw new TypeError('the issuer has no key');
  const privateKey = privateKeyObject(key);
  const header = base64url(JSON.stringify({ alg: 'EdDSA', kid: 'k1', typ: 'JWT' }));
  function* tokens(from: number, to: number) {
    for (let index = from; index < to; index++) {
      const groups = createHash('sha256').update(String(index)).digest('hex');
      const payload = base64url(JSON.stringify(goodClaims(issuer, { jti: String(index), groups: [groups] })));
      const input = `${header}.${payload}`;
      yield `${input}.${base64url(sign(null, Buffer.from(input), privateKey))}`;
    }
  }
  const quarter = 50_000;
  const sizes: number[] = [];
  for (let part = 0; part < 4; part++) {
    expect(await sendAll(port, tokens(part * quarter, (part + 1) * quarter))).toEqual({ 200: quarter });
    sizes.push(residentMiB(service));
  }
  // The cache is full after the first tenth. A leak for each token would have grown 150,000 times since the first size.
  expect(Math.max(...sizes) - (sizes[0] ?? 0)).toBeLessThan(40);
  expect(Math.max(...sizes)).toBeLessThan(300);
});

test('10,000 unknown key IDs cause at most two fetches, and 10,000 wrong signatures cause none', async () => {
  const { issuer, port } = await startService();
  const before = issuer.hits.jwks;
  const payload = base64url(JSON.stringify(goodClaims(issuer)));
  function* forged(kidOf: (index: number) => string) {
    for (let index = 0; index < 10_000; index++) {
      const header = base64url(JSON.stringify({ alg: 'EdDSA', kid: kidOf(index), typ: 'JWT' }));
      const signature = createHash('sha512').update(String(index)).digest('base64url');
      yield `${header}.${payload}.${signature}`;
    }
  }
  expect(
    await sendAll(
      port,
      forged(() => 'k1'),
    ),
  ).toEqual({ 401: 10_000 });
  expect(issuer.hits.jwks - before).toBe(0);
  expect(
    await sendAll(
      port,
      forged((index) => `unknown-${index}`),
    ),
  ).toEqual({ 401: 10_000 });
  expect(issuer.hits.jwks - before).toBeLessThanOrEqual(2);
});
