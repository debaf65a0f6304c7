/** A verification that fails is not a wrong signature, and is logged. No client can cause it. */
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startApp, until } from '../support/app.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { makeProof, publicMembers, thumbprint } from '../support/proofs.ts';

/** Simulates a failure of OpenSSL, with its message. */
const failure = vi.hoisted(() => ({
  isOn: false,
  message: 'error:8000000C:system library::Cannot allocate memory',
}));

vi.mock(import('node:crypto'), async (original) => {
  const crypto = await original();
  const failing = (work: (...parameters: never[]) => unknown) =>
    ((...parameters: never[]) => {
      if (failure.isOn) throw Object.assign(new Error(failure.message), { code: 'ERR_OSSL_MALLOC_FAILURE' });
      return work(...parameters);
    }) as never;
  return { ...crypto, verify: failing(crypto.verify), default: crypto };
});

beforeEach(() => {
  failure.isOn = false;
});

async function start(flags: readonly string[], more = '') {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  const service = await startApp({
    issuer,
    flags: ['--when-unavailable=error', ...flags],
    file: `
issuers: [{issuer: ISSUER, audiences: [orders-api], name: main, boundTokens: verify}]
dpop: {origins: ["https://orders.example.com"]}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
${more}`,
  });
  const client = connectGrpc(service.grpcPort);
  onTestFinished(client.close);
  const overHttp = async (lines: readonly string[]) =>
    (await exchange(service.httpPort, request('GET', '/orders/1', lines)))?.status;
  const overGrpc = async (lines: readonly string[]) => {
    const headers = [...lines, 'host: orders.example.com'].map((line) => {
      const [key = '', value = ''] = line.split(/: (.*)/s);
      return { key, rawValue: Buffer.from(value) };
    });
    const http = { method: 'GET', path: '/orders/1', host: 'orders.example.com', headerMap: { headers } };
    const { status, deniedResponse, dynamicMetadata } = await client.check(http);
    return [status?.code, deniedResponse?.status?.code, dynamicMetadata?.fields?.reason?.stringValue];
  };
  const counted = async (reason: string) => {
    const text = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    return [...text.matchAll(/^oidc_authz_checks_total\{(.*)\} (\d+)$/gm)]
      .filter(([, labels]) => labels?.includes(`reason="${reason}"`))
      .reduce((sum, [, , count]) => sum + Number(count), 0);
  };
  const defects = () => service.records.filter(({ msg }) => msg === 'a check failed');
  return { ...service, overHttp, overGrpc, counted, defects };
}

describe.each(['log: {checks: all}', 'log: {checks: none}', 'log: {excludePaths: [/orders/1]}'])(
  'when verification fails, with %s',
  (log) => {
    test('a valid token is denied as internal_error and logged, and allowed when verification works again', async () => {
      const { issuer, overHttp, overGrpc, counted, defects, logText } = await start([], log);
      const token = await issuer.mint();
      const lines = [`authorization: Bearer ${token}`];
      failure.isOn = true;
      expect(await overHttp(lines)).toBe(403);
      expect(await overGrpc(lines)).toEqual([14, 'ServiceUnavailable', 'internal_error']);
      expect([await counted('internal_error'), await counted('signature_invalid')]).toEqual([2, 0]);
      expect(defects()).toHaveLength(2);
      expect(defects()[0]).toMatchObject({ level: 'error', error: { message: failure.message } });
      for (const segment of token.split('.')) expect(logText()).not.toContain(segment);
      failure.isOn = false;
      expect(await overHttp(lines)).toBe(200);
      expect(await overGrpc(lines)).toEqual([0, undefined, 'allowed']);
    });
  },
);

test('every check that waits for a failing verification ends as internal_error', async () => {
  const { issuer, overGrpc, counted } = await start([]);
  const lines = [`authorization: Bearer ${await issuer.mint()}`];
  failure.isOn = true;
  const answers = await Promise.all(Array.from({ length: 20 }, () => overGrpc(lines)));
  expect(new Set(answers.map(([, , reason]) => reason))).toEqual(new Set(['internal_error']));
  expect(await counted('internal_error')).toBe(20);
});

test('a rule in shadow mode allows the request, and the failure is logged', async () => {
  const { issuer, overHttp, defects } = await start(['--log-checks=none'], 'mode: shadow');
  failure.isOn = true;
  expect(await overHttp([`authorization: Bearer ${await issuer.mint()}`])).toBe(200);
  await until(() => defects().length === 1);
});

describe('a proof of possession', () => {
  test('is not proof_invalid when its verification fails, and can be used again', async () => {
    const { issuer, overHttp, overGrpc, defects } = await start([]);
    const key = await createSigningKey('c', 'ES256');
    const token = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(key) } } });
    const bound = async () => [`authorization: DPoP ${token}`, `dpop: ${await makeProof(key, token)}`];
    // The token is cached now, so only the proof fails.
    expect(await overHttp(await bound())).toBe(200);
    const lines = await bound();
    failure.isOn = true;
    expect(await overGrpc(lines)).toEqual([14, 'ServiceUnavailable', 'internal_error']);
    expect(await overHttp(lines)).toBe(403);
    expect(defects()).toHaveLength(2);
    failure.isOn = false;
    expect(await overHttp(lines)).toBe(200);
    expect(await overHttp(lines)).toBe(401);
  });
});

test('a proof whose key is not a point on its curve is proof_invalid, not internal_error', async () => {
  const { issuer, overGrpc, counted } = await start([]);
  const key = await createSigningKey('c', 'ES256');
  const members = publicMembers(key);
  const zeros = Buffer.alloc(32).toString('base64url');
  const ones = Buffer.alloc(32, 0xff).toString('base64url');
  for (const change of [{ y: members.x }, { x: zeros, y: zeros }, { x: ones }, { y: ones }]) {
    const claimed = { ...key, publicJwk: { ...key.publicJwk, ...change } } as typeof key;
    const token = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(claimed) } } });
    const proof = await makeProof(key, token, { header: { jwk: { ...members, ...change } } });
    const answer = await overGrpc([`authorization: DPoP ${token}`, `dpop: ${proof}`]);
    expect(answer).toEqual([16, 'Unauthorized', 'proof_invalid']);
  }
  expect(await counted('internal_error')).toBe(0);
});
