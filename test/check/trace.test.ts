/** The trace of a check: it is a dry run of the same check, and shows no values of the token. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReplayStore, type ReplayStore } from '../../src/check/binding/used-proofs.ts';
import { readDenyList } from '../../src/config/load/deny-list.ts';
import { detailOf, listed, shown } from '../../src/config/values/detail-text.ts';
import type { CheckRequest } from '../../src/model/check-request.ts';
import type { Decision } from '../../src/model/decision.ts';
import { stepNames, type TraceStep } from '../../src/model/trace.ts';
import { createGrpcChecks } from '../../src/service/grpc-checks.ts';
import { configOf } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { startCore, type TestCore } from '../support/core.ts';
import { audience } from '../support/fake-issuer.ts';
import { createPair, issuerUrl, signToken } from '../support/key-choice.ts';
import { createSigningKey } from '../support/keys.ts';
import { makeProof, thumbprint } from '../support/proofs.ts';
import { checkRequest } from '../support/requests.ts';

const pair = createPair('P-256');
const client = await createSigningKey('c', 'ES256');
const jkt = await thumbprint(client);
const jwks = JSON.stringify(JSON.stringify({ keys: [{ ...pair.jwk, kid: 'k1' }] }));
const issuer = `issuer: "${issuerUrl}", name: main, audiences: [${audience}], jwks: ${jwks}`;

const stops: (() => void)[] = [];
afterAll(() => {
  for (const stop of stops) stop();
});

async function start(text: string, replays: ReplayStore = createReplayStore()): Promise<TestCore> {
  const core = await startCore(await configOf(text), createTestClock(), replays);
  stops.push(core.stop);
  return core;
}

async function traced(
  { check }: Pick<TestCore, 'check'>,
  request: CheckRequest,
): Promise<{ readonly decision: Decision; readonly steps: readonly TraceStep[] }> {
  const steps: TraceStep[] = [];
  const decision = await check(request, (step) => steps.push(step));
  return { decision, steps };
}

const bearer = (token: string, more: Partial<CheckRequest> = {}) =>
  checkRequest({ host: 'h', authorization: [`Bearer ${token}`], ...more });
const valid = (claims: Readonly<Record<string, unknown>> = {}) =>
  signToken(pair, 'ES256', { kid: 'k1' }, claims);

describe('the steps of an allowed check', () => {
  test('of a new token and of a cached one', async () => {
    const core = await start(`issuers: [{${issuer}, requiredScopes: [a]}]`);
    const token = valid({ scope: 'a' });
    const first = await traced(core, bearer(token));
    expect(first.steps.map(({ step, result }) => `${step} ${result}`)).toEqual([
      'credential passed',
      'cache info',
      'shape passed',
      'header passed',
      'issuer passed',
      'header passed',
      'key info',
      'signature passed',
      'times passed',
      'times passed',
      'audience passed',
      'type passed',
      'binding passed',
      'scopes passed',
      'headers info',
      'decision passed',
    ]);
    await core.check(bearer(token));
    const second = await traced(core, bearer(token));
    expect(second.decision).toMatchObject({ cached: true });
    expect(second.steps[1]).toMatchObject({
      step: 'cache',
      found: `an entry, verified by the key k1 (ES256) of ${issuerUrl}`,
    });
    expect(second.steps.map(({ step }) => step)).not.toContain('signature');
  });

  test('of a rule name the rule, and the rules before it that do not match', async () => {
    const core = await start(`
issuers: [{${issuer}}]
rules:
  - {name: write, match: {methods: [POST], paths: ["/orders/{**}"]}, require: {}}
  - {name: read, mode: shadow, match: {paths: ["/orders/{**}"]}, require: {scopes: [a], expression: "true"}}
`);
    const { steps } = await traced(core, bearer(valid({ scope: 'a' }), { path: '/orders/1' }));
    expect(steps.filter(({ step }) => step === 'rule')).toEqual([
      {
        step: 'rule',
        result: 'info',
        subject: 'rules[0] (write)',
        expected: 'methods POST',
        found: 'host h, method GET, path /orders/1',
        option: 'rules[0].match.methods',
      },
      {
        step: 'rule',
        result: 'passed',
        subject: 'the rules',
        expected: 'the first rule that matches',
        found: 'rules[1] (read)',
        option: 'rules[1]',
      },
      {
        step: 'rule',
        result: 'info',
        subject: 'the mode',
        found: 'shadow: a denial is not enforced',
        option: 'rules[1].mode',
      },
    ]);
    expect(steps.filter(({ step }) => step === 'requirements').map(({ option }) => option)).toEqual([
      'rules[1].require.scopes',
      'rules[1].require.expression',
    ]);
  });

  test('names the headers without their values', async () => {
    const core = await start(`issuers: [{${issuer}}]
outputClaimToHeaders: [{header: x-sub, claim: sub}, {header: x-tid, claim: tid}]`);
    const { steps } = await traced(core, bearer(valid({ sub: 'canary-sub' })));
    const found = steps.find(({ step }) => step === 'headers')?.found;
    expect(found).toMatch(/^set x-sub; removed x-tid, /);
    expect(found).not.toContain('canary');
  });
});

test('a denial in shadow mode is a failed step and an allowed decision', async () => {
  const core = await start(`issuers: [{${issuer}}]\nmode: shadow`);
  const { decision, steps } = await traced(core, bearer(valid({ aud: 'x' })));
  expect(decision).toMatchObject({ outcome: 'allow', shadow: 'audience_mismatch' });
  expect(steps.filter(({ result }) => result === 'failed')).toMatchObject([{ step: 'audience' }]);
  expect(steps.at(-1)).toMatchObject({
    result: 'passed',
    found: 'allow; mode shadow does not enforce audience_mismatch',
  });
});

describe('a traced check is a dry run', () => {
  test('it does not store a proof as used, and reports a used one', async () => {
    const replays = createReplayStore();
    const core = await start(
      `issuers: [{${issuer}, boundTokens: verify}]\ndpop: {origins: ["https://orders.example.com"]}`,
      replays,
    );
    const token = valid({ cnf: { jkt } });
    const request = checkRequest({
      host: 'orders.example.com',
      path: '/orders/1',
      authorization: [`DPoP ${token}`],
      dpop: [await makeProof(client, token)],
    });
    for (const _ of [1, 2]) {
      const { decision, steps } = await traced(core, request);
      expect(decision.outcome).toBe('allow');
      expect(steps.find(({ step }) => step === 'proof')?.found).toContain('does not store it as used');
    }
    expect(replays.size()).toBe(0);
    expect((await core.check(request)).outcome).toBe('allow');
    expect(replays.size()).toBe(1);
    expect((await traced(core, request)).decision.reason).toBe('proof_invalid');
  });

  test('a check over gRPC is not traced, for any deadline', async () => {
    const config = await configOf(`issuers: [{${issuer}}]`);
    const traces: unknown[] = [];
    const denial: Decision = { outcome: 'deny', reason: 'token_missing' };
    const { check } = createGrpcChecks(
      config,
      (_, trace) => {
        traces.push(trace);
        return denial;
      },
      createTestClock(),
    );
    expect(check(checkRequest(), () => 100)).toBe(denial);
    expect(traces).toEqual([undefined]);
  });

  test('it does not cache the token', async () => {
    const core = await start(`issuers: [{${issuer}}]`);
    await traced(core, bearer(valid()));
    expect(core.cache.size()).toBe(0);
  });

  test('it ends with its decision, even if the verification of the token continues', async () => {
    const clock = createTestClock();
    const config = await configOf(`issuers: [{${issuer}}]`);
    const core = await startCore(config, clock);
    stops.push(core.stop);
    const steps: TraceStep[] = [];
    const pending = core.check(bearer(valid()), (step) => steps.push(step));
    await clock.advance(config.limits.checkDeadline);
    expect(await pending).toMatchObject({ reason: 'overloaded' });
    expect(steps.at(-1)).toMatchObject({ step: 'decision', found: 'error: overloaded' });
  });
});

describe('random tokens', () => {
  const canary = 'canary-7f3a';
  let cores: readonly TestCore[];

  beforeAll(async () => {
    const list = readDenyList(JSON.stringify([{ issuer: issuerUrl, sub: canary }]), 'list');
    const texts = [
      `issuers: [{${issuer}, requiredClaims: {tid: acme}, requiredScopes: [a], groups: {allowed: [a]}}]`,
      `issuers: [{${issuer}, email: {requireVerified: true, allowedDomains: [acme.com]}, boundTokens: verify}]
dpop: {origins: ["https://orders.example.com"]}`,
      `issuers: [{${issuer}}]
rules:
  - {name: a, match: {paths: ["/a"]}, require: {expression: 'claims.list[int(claims.tid)] == claims[claims.sub]'}}
  - {name: b, match: {paths: ["/b"]}, require: {expression: 'claims.tid + claims.sub == "x" && claims.list[0] < claims.tid'}}
  - {name: c, match: {paths: ["/c"]}, require: {claims: {tid: acme}}}
  - {name: d, match: {paths: ["/d"]}, require: {expression: 'claims.tid > 1 || timestamp(claims.tid) > request.time'}}`,
    ];
    cores = await Promise.all(
      texts.map(async (text, index) => {
        const more = index === 2 ? list : [];
        return startCore(await configOf(text), createTestClock(), createReplayStore(), more);
      }),
    );
    for (const { stop } of cores) stops.push(stop);
  });

  // Values that must not be shown: every claim except iss, aud and scopes, and every part of the header except kid, alg and typ.
  const value = fc.oneof(
    fc.constant(canary),
    fc.constant([canary]),
    fc.constant({ [canary]: canary, jkt: canary, roles: [canary] }),
    fc.constant(7),
  );
  const names = [
    'sub',
    'jti',
    'sid',
    'client_id',
    'tid',
    'email',
    'groups',
    'cnf',
    'events',
    'exp',
    'nbf',
    'list',
  ];
  const claims = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 });
  const header = fc.dictionary(fc.constantFrom('jwk', 'x5c', 'jku', 'crit', 'b64', 'cty'), value, {
    maxKeys: 2,
  });
  const aud = fc.constantFrom(audience, 'x', undefined);

  test('have the same decision with a trace, and no canary is in a detail or a step', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(header, claims, aud, fc.constantFrom('/a', '/b', '/c', '/d', '/e', '//'), fc.boolean()),
        async ([moreHeader, moreClaims, someAud, path, isBroken]) => {
          const token = signToken(
            pair,
            'ES256',
            { kid: 'k1', ...moreHeader },
            { ...moreClaims, aud: someAud, scope: 'a' },
          );
          const sent = isBroken ? `${token.slice(0, -8)}AAAAAAAA` : token;
          const request = bearer(sent, { path: `${path}?q=${canary}`, dpop: [canary] });
          for (const core of cores) {
            const { decision, steps } = await traced(core, request);
            const plain = await core.check(request);
            expect([decision.outcome, decision.reason]).toEqual([plain.outcome, plain.reason]);
            const detail = plain.detail?.();
            const all = JSON.stringify([detail, steps, decision.detail?.()]);
            expect(all).not.toContain(canary);
            for (const part of token.split('.')) expect(all).not.toContain(part.slice(0, 12));
            expect((plain.outcome === 'allow') === (detail === undefined)).toBe(true);
            expect(steps.filter(({ result }) => result === 'failed').length).toBe(
              plain.outcome === 'allow' ? 0 : 2,
            );
            for (const { step } of steps) expect(stepNames).toContain(step);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('a value in a text', () => {
  test.each([
    ['account', 'account'],
    ['https://a.example.com/b?c=d', 'https://a.example.com/b?c=d'],
    ['a, found b', '"a, found b"'],
    ['', '""'],
    ['a\nb\u202e\u0000', '"a\\nb\\u202e\\u0000"'],
    ['caf\u00e9', '"caf\u00e9"'],
    ['\ud83d', '"\\ud83d"'],
    ['https://user:pass@a', 'https://***@a'],
  ])('%j is shown as %s', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  test('has at most 200 characters, a list 10 members, a detail 2,000 characters', () => {
    expect(shown('a'.repeat(201))).toBe(`${'a'.repeat(200)}\u2026`);
    expect(listed([])).toBe('none');
    expect(listed(Array.from({ length: 12 }, () => 'a'))).toBe(`${'a, '.repeat(9)}a and 2 more`);
    const observation = { step: 'times', subject: 'x' } as const;
    expect(detailOf(observation, 'a'.repeat(3_000)).text).toHaveLength(2_001);
  });
});
