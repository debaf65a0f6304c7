/** The cross-check in a running service. */
import { expect, test } from 'vitest';
import { fileFor, type RunningApp, startApp, until } from '../support/app.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { goodClaims, signTexts } from '../support/tokens.ts';

const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const everyAlgorithm = (file: string) =>
  file.replace(
    `audiences: [${audience}]`,
    `audiences: [${audience}], algorithms: [${algorithms.join(', ')}]`,
  );

const ask = async ({ httpPort }: RunningApp, token: string) =>
  (await exchange(httpPort, request('GET', '/', [`authorization: Bearer ${token}`])))?.status;

/** The results that are not 0. */
async function results({ adminPort }: RunningApp): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const samples = [...text.matchAll(/^oidc_authz_cross_checks_total\{result="(\w+)"\} (\d+)$/gm)];
  expect(samples.length).toBe(4);
  return Object.fromEntries(
    samples.map(([, result, count]) => [result, Number(count)]).filter(([, count]) => count !== 0),
  );
}

async function untilCounted(app: RunningApp, total: number): Promise<Record<string, number>> {
  await until(async () => Object.values(await results(app)).reduce((sum, one) => sum + one, 0) >= total, 30);
  return results(app);
}

const withLast = (token: string) =>
  `${token.slice(0, -8)}${token.at(-8) === 'A' ? 'B' : 'A'}${token.slice(-7)}`;

test('agrees on valid and forged tokens of every algorithm, with rotated keys and without `kid`', async () => {
  const keys = await Promise.all(
    algorithms.map((algorithm, index) => createSigningKey(`k${index}`, algorithm)),
  );
  const issuer = await startFakeIssuer({ keys: [...keys] });
  const app = await startApp({ issuer, file: `${everyAlgorithm(fileFor('ISSUER'))}crossCheck: 1\n` });
  const late = await createSigningKey('late');
  issuer.keys.push(late);

  const statuses: (number | undefined)[] = [];
  const send = async (token: string) => void statuses.push(await ask(app, token));
  for (const key of keys) {
    const [valid, forged] = [await issuer.mint({ key }), withLast(await issuer.mint({ key }))];
    for (const token of [valid, valid, forged]) await send(token);
    await send(await issuer.mint({ key, header: { kid: undefined } }));
    await send(await issuer.mint({ key, claims: { exp: 1 } }));
    await send(await issuer.mint({ key, claims: { aud: 'other' } }));
  }
  await send(await issuer.mint({ key: late }));
  expect(statuses).toEqual([...algorithms.flatMap(() => [200, 200, 401, 200, 401, 401]), 200]);
  // The second check of a valid token finds it in the cache.
  expect(await untilCounted(app, 31)).toEqual({ agreed: 31 });
  expect(app.logText()).not.toContain('jose');
});

test('does not judge malformed tokens, unknown issuers and missing tokens', async () => {
  const app = await startApp({ file: `${fileFor('ISSUER')}crossCheck: 1\n` });
  for (const token of ['x', 'a.b.c', await app.issuer.mint({ claims: { iss: 'https://other.example.com' } })])
    expect(await ask(app, token)).toBe(401);
  expect(await ask(app, await app.issuer.mint({}))).toBe(200);
  expect(await untilCounted(app, 1)).toEqual({ agreed: 1 });
});

test('judges no token by default', async () => {
  const app = await startApp();
  expect(await ask(app, await app.issuer.mint({}))).toBe(200);
  expect(await results(app)).toEqual({});
});

test('follows a reload', async () => {
  const app = await startApp();
  await app.app.reload({ ...app.config, crossCheck: 1 });
  expect(await ask(app, await app.issuer.mint({}))).toBe(200);
  expect(await untilCounted(app, 1)).toEqual({ agreed: 1 });
  await app.app.reload({ ...app.config, crossCheck: 0 });
  expect(await ask(app, await app.issuer.mint({ claims: { sub: 'bob' } }))).toBe(200);
  expect(await results(app)).toEqual({ agreed: 1 });
});

test('answers a flood of new tokens, and skips those that do not fit in the queue', async () => {
  const app = await startApp({ file: `${fileFor('ISSUER')}crossCheck: 1\n` });
  const [key] = app.issuer.keys;
  if (key === undefined) throw new TypeError('no key');
  const header = JSON.stringify({ alg: 'RS256', kid: key.kid });
  const valid = await app.issuer.mint({});
  let [allowed, denied] = [0, 0];
  for (let round = 0; round < 10; round++) {
    const forged = Array.from({ length: 40 }, (_, index) =>
      withLast(signTexts(header, JSON.stringify(goodClaims(app.issuer, { sub: `${round}-${index}` })), key)),
    );
    const statuses = await Promise.all([...forged, valid].map((token) => ask(app, token)));
    allowed += statuses.filter((status) => status === 200).length;
    denied += statuses.filter((status) => status === 401).length;
  }
  expect([allowed, denied]).toEqual([10, 400]);
  const { agreed = 0, skipped = 0, ...others } = await untilCounted(app, 401);
  expect(others).toEqual({});
  expect(agreed + skipped).toBe(401);
  expect(agreed).toBeGreaterThanOrEqual(64);
  expect(skipped).toBeGreaterThan(0);
});
