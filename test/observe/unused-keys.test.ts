/** Each unused key is listed with its cause in the log, in /readyz and in the metrics. */
import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configOf, fileFor, type RunningApp, startApp, until } from '../support/app.ts';
import { type FakeIssuer, sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';

const unsupported = [
  { kty: 'OKP', crv: 'Ed448', x: 'AAAA', kid: 'ed448', use: 'sig' },
  { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' },
  { kty: 'oct', k: 'AAAA', kid: 'mac' },
];
const weak = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'weak' };

async function startIssuer(): Promise<FakeIssuer> {
  const issuer = await startFakeIssuer();
  onTestFinished(issuer.close);
  return issuer;
}

async function startWith(foreign: readonly object[]) {
  const issuer = await startIssuer();
  publish(issuer, foreign);
  return { issuer, service: await startApp({ issuer }) };
}

function publish(issuer: FakeIssuer, foreign: readonly object[]): void {
  issuer.jwks = (_, response) =>
    sendJson(response, { keys: [...foreign, ...issuer.keys.map(({ publicJwk }) => publicJwk)] });
}

const textOf = async ({ adminPort }: RunningApp, path: string) =>
  (await fetch(`http://127.0.0.1:${adminPort}${path}`)).text();
const issuerOf = async (service: RunningApp) => JSON.parse(await textOf(service, '/readyz')).issuers[0];
const unusedIn = ({ records }: RunningApp) =>
  records.flatMap(({ level, unusedKeys }) => (unusedKeys === undefined ? [] : [{ level, unusedKeys }]));

describe('keys of a kind that is not supported', () => {
  test('are listed in the log, in /readyz and in a metric, and cause no alert', async () => {
    const { service } = await startWith(unsupported);
    const named = ['ed448: curve', 'keys[1]: key_type', 'mac: symmetric'];
    expect(unusedIn(service)).toEqual([{ level: 'info', unusedKeys: named }]);
    expect(await issuerOf(service)).toMatchObject({ state: 'ready', keys: 1, unusedKeys: named });
    const metrics = await textOf(service, '/metrics');
    for (const cause of ['curve', 'key_type', 'symmetric'])
      expect(metrics).toContain(`oidc_authz_issuer_keys_unused{issuer="main",cause="${cause}"} 1`);
    expect(metrics).not.toMatch(/^oidc_authz_issuer_keys_rejected_total\{/m);
  });
});

describe('a weak key', () => {
  test('is listed there too, and in the metric of the alert', async () => {
    const { service } = await startWith([...unsupported, weak]);
    const named = ['ed448: curve', 'keys[1]: key_type', 'mac: symmetric', 'weak: size'];
    expect(unusedIn(service)).toEqual([{ level: 'warn', unusedKeys: named }]);
    const metrics = await textOf(service, '/metrics');
    expect(metrics).toContain('oidc_authz_issuer_keys_rejected_total{issuer="main",cause="size"} 1');
    expect(metrics).toContain('oidc_authz_issuer_keys_unused{issuer="main",cause="size"} 1');
  });

  test('is logged once, and again after a change', async () => {
    const { service, issuer } = await startWith([weak]);
    const refresh = async () => {
      const before = issuer.hits.jwks;
      await service.app.reload(service.config);
      await until(() => issuer.hits.jwks > before);
    };
    await refresh();
    await refresh();
    expect(unusedIn(service)).toHaveLength(1);
    publish(issuer, []);
    await refresh();
    await until(async () => (await issuerOf(service)).unusedKeys === undefined);
    publish(issuer, [weak]);
    await refresh();
    await until(() => unusedIn(service).length === 2);
    publish(issuer, [weak, ...unsupported]);
    await refresh();
    await until(() => unusedIn(service).length === 3);
    expect(await textOf(service, '/metrics')).toContain('rejected_total{issuer="main",cause="size"} 2');
  });
});

test('without a usable key, the problem and the list have the cause of each key', async () => {
  const issuer = await startIssuer();
  issuer.jwks = (_, response) => sendJson(response, { keys: [...unsupported, weak] });
  const service = await startApp({ issuer, untilReady: false });
  const problem = 'no usable key (ed448: curve, keys[1]: key_type, mac: symmetric, weak: size)';
  await until(async () => String((await issuerOf(service)).problem).includes(problem));
  expect((await issuerOf(service)).unusedKeys).toHaveLength(4);
  expect(service.records.some((record) => String(record.problem).includes(problem))).toBe(true);
});

test('a response lists at most twenty keys', async () => {
  const jwk = await exportJWK((await generateKeyPair('RS256', { extractable: true })).publicKey);
  const many = Array.from({ length: 90 }, (_, index) => ({
    ...jwk,
    use: 'enc',
    kid: 'k'.repeat(250) + index,
  }));
  const { service } = await startWith(many);
  const { unusedKeys } = await issuerOf(service);
  expect(unusedKeys).toHaveLength(21);
  expect(unusedKeys.at(-1)).toBe('and 70 more');
  expect(JSON.stringify(unusedKeys).length).toBeLessThan(2_000);
});

test('after every key was removed, the last ones are used until `keys.maxStale`, also after a reload', async () => {
  const issuer = await startIssuer();
  const service = await startApp({ issuer });
  const headers = [`authorization: Bearer ${await issuer.mint()}`];
  const answer = async () => (await exchange(service.httpPort, request('GET', '/', headers)))?.status;
  expect(await answer()).toBe(200);
  issuer.jwks = (_, response) => sendJson(response, { keys: [] });

  await service.app.reload(service.config);
  await until(async () => (await issuerOf(service)).state === 'stale');
  expect((await issuerOf(service)).problem).toContain('no usable key');
  expect(await answer()).toBe(200);

  await service.app.reload(await configOf(`${fileFor(issuer.url)}keys: {maxStale: 0s}\n`));
  expect(await answer()).toBe(403);
  expect(await issuerOf(service)).toMatchObject({ state: 'waiting', keys: 0 });
});
