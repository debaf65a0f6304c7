/** Random requests: an explanation has the decision of the check, before and after the token is cached. */
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { createReplayStore } from '../../../src/check/binding/used-proofs.ts';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import { planIssuer } from '../../../src/issuer/issuer-plan.ts';
import type { Check } from '../../../src/model/decision.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { type CheckParts, createConfiguredCheck } from '../../../src/service/configured-check.ts';
import { createExplain, type Explain } from '../../../src/service/explain/explain.ts';
import { toCheckRequest } from '../../../src/transport/shared/check-request.ts';
import { configOf } from '../../support/app.ts';
import { quietContext } from '../../support/core.ts';
import { createSigningKey } from '../../support/keys.ts';

const issuer = 'https://issuer.example.com';

let parts: CheckParts;
let check: Check;
let explain: Explain;
const tokens: string[] = [];

beforeAll(async () => {
  const key = await createSigningKey('k1');
  const foreign = await createSigningKey('k1');
  const config = await configOf(`
issuers:
  - {issuer: "${issuer}", audiences: [orders-api], name: main, jwks: '${JSON.stringify({ keys: [key.publicJwk] })}'}
trustedHeaders: [x-tenant]
rules:
  - {name: public, match: {paths: ["/public/{**}"]}, allow: anonymous}
  - {name: tried, match: {paths: ["/tried/{**}"]}, mode: shadow, require: {scopes: [never]}}
  - {name: write, match: {methods: [POST, PUT], paths: ["/orders/{**}"]}, require: {scopes: [orders.write]}}
  - {name: blue, match: {hosts: ["*.blue.test"]}, require: {expression: 'request.headers["x-tenant"] == "blue"'}}
  - {name: rest, match: {hosts: [orders.test]}, require: {}}
`);
  const issuers = config.issuers.map((one) => ({
    config: one,
    issuer: planIssuer(one, config, quietContext(systemClock)).create(),
  }));
  for (const { issuer: owner } of issuers) owner.start();
  await Promise.all(issuers.map(({ issuer: owner }) => owner.firstKeys));
  parts = {
    config,
    issuers,
    denyList: () => [],
    cache: createTokenCache(config.cache),
    replays: createReplayStore(),
    clock: systemClock,
  };
  check = createConfiguredCheck(parts, { onLookup: () => {}, onFull: () => {} });
  explain = createExplain(parts);
  const mint = (claims: Readonly<Record<string, unknown>>, { privateKey } = key) =>
    new SignJWT({ sub: 'alice', iss: issuer, aud: 'orders-api', exp: 4_000_000_000, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(privateKey);
  tokens.push(
    await mint({}),
    await mint({ scope: 'orders.write' }),
    await mint({ aud: 'account' }),
    await mint({ exp: 1 }),
    await mint({ iss: 'https://other.example.com' }),
    await mint({}, foreign),
    'opaque',
  );
});

const segment = fc.constantFrom('orders', 'public', 'tried', '1', '..', '%2e%2e', 'a%2Fb', '', ';v=1', 'ä');
const requests = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'get'),
  host: fc.constantFrom('orders.test', 'a.blue.test', 'ORDERS.test:8443', 'orders.test.', 'other', ''),
  path: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}?q=1`),
  headers: fc.array(
    fc.tuple(
      fc.constantFrom('x-tenant', 'X-Tenant', 'origin', 'access-control-request-method', 'cookie'),
      fc.constantFrom('blue', 'red', 'POST', ''),
    ),
    { maxLength: 3 },
  ),
  token: fc.nat({ max: 9 }),
  lines: fc.constantFrom(1, 1, 1, 2),
});

test('an explanation has the decision of the check', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async ({ token, lines, headers, ...request }) => {
      const value = tokens[token];
      const credentials =
        value === undefined
          ? []
          : Array.from({ length: lines }, () => ['authorization', `Bearer ${value}`] as const);
      const all = [...credentials, ...headers];
      const rawHeaders = ['host', request.host, ...all.flat()];
      const cached = parts.cache.size();
      const before = await explain({ ...request, headers: all });
      expect(parts.cache.size()).toBe(cached);
      const path = Buffer.from(request.path, 'utf8').toString('latin1');
      const { outcome, reason, rule } = await check(
        toCheckRequest({ method: request.method, url: path, rawHeaders }, ''),
      );
      const after = await explain({ ...request, headers: all });
      for (const explained of [before, after]) {
        expect([explained.outcome, explained.reason, explained.rule]).toEqual([outcome, reason, rule]);
        expect(explained.jose?.differs ?? false).toBe(false);
        expect(explained.steps.at(-1)?.step).toBe('decision');
      }
    }),
    { numRuns: 300 },
  );
});
