/** Every mode of `explain` against a running service: the decisions are those of the check ports, and nothing else changes. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ExplainRequest, ServiceExplanation } from '../../src/model/explanation.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { type ExplainTarget, explain, explainDecision } from '../../src/tools/explain/explain.ts';
import type { Case } from '../security/corpus/case.ts';
import { claimCases } from '../security/corpus/claims.ts';
import { credentialCases } from '../security/corpus/credential.ts';
import { cryptographyCases } from '../security/corpus/cryptography.ts';
import { headerCases } from '../security/corpus/header.ts';
import { createWorld, type World } from '../security/world.ts';
import { fileFor, type RunningApp, runApp, startApp, until } from '../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey } from '../support/keys.ts';

/** A clock on which the limit of explanations per second passes quickly, with deadlines that are as much longer. */
const hastyClock = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 };
const longDeadlines = ['--limits-check-deadline=30s', '--limits-mesh-timeout=1h'];

const noTls = { ca: undefined, cert: undefined, key: undefined };
const sources = {
  environment: {},
  readFile: () => {
    throw new TypeError('no file was expected');
  },
};

function targetsOf({ config, adminPort, httpPort, grpcPort }: RunningApp) {
  const access = {
    origin: new URL(`http://127.0.0.1:${adminPort}`),
    tls: noTls,
    token: undefined,
    clock: systemClock,
  };
  return {
    access,
    offline: { mode: 'offline', name: 'test.yaml', config, sources, at: undefined, jwks: undefined },
    online: { mode: 'online', access },
    grpc: { mode: 'grpc', address: `127.0.0.1:${grpcPort}`, tls: undefined },
    http: { mode: 'http', origin: new URL(`http://127.0.0.1:${httpPort}`), pathPrefix: '', tls: noTls },
  } as const satisfies Record<string, unknown>;
}

/** The outcome and the reason in each mode. Over HTTP, the reason is found by the decision ID. */
async function inEachMode(targets: ReturnType<typeof targetsOf>, request: ExplainRequest) {
  const ask = (target: ExplainTarget) => explain(target, request, false, systemClock);
  const [offline, online, grpc, http] = [
    await ask(targets.offline),
    await ask(targets.online),
    await ask(targets.grpc),
    await ask(targets.http),
  ];
  const found = http.decision === undefined ? http : await explainDecision(targets.access, http.decision);
  const jose = [offline, online].map((result) => result.jose?.differs ?? false);
  for (const { steps = [], reason, shadow, jose: asked } of [offline, online]) {
    const reached = steps.some(({ step }) => step === 'key' || step === 'times');
    expect(asked !== undefined).toBe(reached && ![reason, shadow].includes('keys_unavailable'));
  }
  return {
    offline: `${offline.outcome} ${offline.reason}`,
    online: `${online.outcome} ${online.reason}`,
    grpc: `${grpc.outcome} ${grpc.reason}`,
    http: `${found.outcome} ${found.reason ?? 'allowed'}`,
    jose,
  };
}

describe('the corpus of tokens', () => {
  const cases: readonly Case[] = [...headerCases, ...cryptographyCases, ...claimCases, ...credentialCases];
  const sent = cases.filter(({ isRaw }, index) => isRaw !== true && index % 8 === 0);
  let world: World;
  let service: RunningApp;
  beforeAll(async () => {
    world = await createWorld();
    service = await runApp({
      issuer: world.main,
      file: world.configuration,
      clock: hastyClock,
      flags: longDeadlines,
    });
  });
  afterAll(async () => {
    await service.stop();
    await world.close();
  });

  test('has more than 100 tokens', () => expect(sent.length).toBeGreaterThan(100));

  test.each(sent)('$row: $name: $reason', async ({ lines, reason, reasonBehindEnvoy }) => {
    const headers = (await lines(world)).map((line) => ['authorization', line] as const);
    const found = await inEachMode(targetsOf(service), {
      method: 'GET',
      host: 'a.test',
      path: '/orders',
      headers,
    });
    const is = (one: string) => expect.stringMatching(new RegExp(`^(allow|deny|error) ${one}$`));
    expect(found).toEqual({
      offline: is(reason),
      online: is(reason),
      http: is(reason),
      grpc: is(headers.length > 1 ? (reasonBehindEnvoy ?? reason) : reason),
      jose: [false, false],
    });
  });
});

describe('requests', () => {
  let issuer: FakeIssuer;
  let other: FakeIssuer;
  let service: RunningApp;
  let tokens: Readonly<Record<string, string>>;
  beforeAll(async () => {
    [issuer, other] = [await startFakeIssuer(), await startFakeIssuer()];
    other.jwks = (_, response) => void response.writeHead(500).end();
    const entry = (name: string, { url }: FakeIssuer) =>
      `{issuer: "${url}", audiences: [${audience}], name: ${name}}`;
    service = await runApp({
      issuer,
      clock: hastyClock,
      flags: longDeadlines,
      file: fileFor('ISSUER')
        .replace(/^issuers: .*$/m, `issuers: [${entry('main', issuer)}, ${entry('down', other)}]`)
        .concat(`
rules:
  - {name: public, match: {paths: ["/public/{**}"]}, allow: anonymous}
  - {name: closed, match: {paths: ["/closed/{**}"]}, deny: true}
  - {name: write, match: {paths: ["/orders/{**}"], methods: [POST, PUT]}, require: {scopes: [orders.write]}}
  - {name: tried, match: {paths: ["/tried/{**}"]}, mode: shadow, require: {scopes: [never]}}
  - {name: blue, match: {paths: ["/blue/{**}"]}, require: {expression: 'request.headers["x-tenant"] == "blue"'}}
  - {name: orders, match: {paths: ["/orders/{**}"], hosts: [orders.test]}, require: {}}
trustedHeaders: [x-tenant]
`),
    });
    const foreign = await createSigningKey('k1');
    tokens = {
      good: await issuer.mint(),
      scoped: await issuer.mint({ claims: { scope: 'orders.write' } }),
      expired: await issuer.mint({ claims: { exp: 1 } }),
      audience: await issuer.mint({ claims: { aud: 'account' } }),
      forged: await issuer.mint({ key: foreign }),
      down: await other.mint(),
      opaque: 'opaque-token-of-another-kind',
      none: '',
    };
  });
  afterAll(async () => {
    await service.stop();
    await issuer.close();
    await other.close();
  });

  const targets = [
    '/public/1',
    '/closed/1',
    '/orders/1',
    '/tried/1',
    '/blue/1',
    '/nowhere',
    '/orders/..%2fx',
  ];
  const names = ['good', 'scoped', 'expired', 'audience', 'forged', 'down', 'opaque', 'none'];
  const requests = targets.flatMap((path) =>
    names.flatMap((name) =>
      (path.startsWith('/orders') ? ['GET', 'POST'] : ['GET']).map((method) => ({ path, name, method })),
    ),
  );

  test.each(requests)(
    '$method $path with the token $name: every mode agrees',
    async ({ method, path, name }) => {
      const token = tokens[name] ?? '';
      const found = await inEachMode(targetsOf(service), {
        method,
        path,
        host: name === 'scoped' ? 'other.test' : 'orders.test',
        headers: [['x-tenant', name === 'good' ? 'blue' : 'red']],
        ...(token !== '' && { token }),
      });
      const { offline, jose } = found;
      expect(found).toEqual({ offline, online: offline, grpc: offline, http: offline, jose });
      expect(jose).toEqual([false, false]);
    },
  );

  test('there are more than 40, with several reasons', async () => {
    expect(requests.length).toBeGreaterThan(40);
  });
});

describe('an explanation', () => {
  const post = ({ adminPort }: RunningApp, body: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`http://127.0.0.1:${adminPort}/explain`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });

  test('changes no metric, no cached token, no recorded denial, and logs no value of the request', async () => {
    const service = await startApp();
    const metrics = async () =>
      (await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text())
        .split('\n')
        .filter((line) => line.startsWith('oidc_authz_') && !line.includes('_seconds'));
    const before = await metrics();
    const token = await service.issuer.mint({ claims: { sub: 'canary-subject' } });
    const bad = await service.issuer.mint({ claims: { aud: 'canary-audience', sub: 'canary-subject' } });
    const from = service.records.length;
    for (const one of [token, token, bad, undefined]) {
      const response = await post(service, JSON.stringify({ path: '/canary-path?canary-query', token: one }));
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(text).not.toMatch(/canary-(subject|query)/);
      for (const part of (one ?? '').split('.').filter((segment) => segment !== ''))
        expect(text).not.toContain(part);
    }
    expect(await metrics()).toEqual(before);
    const decisions = await fetch(`http://127.0.0.1:${service.adminPort}/decisions`);
    expect(await decisions.json()).toEqual({ decisions: [] });
    const records = service.records.slice(from);
    expect(records.map(({ msg }) => msg)).toEqual(
      Array.from({ length: 4 }, () => 'an operator had a request explained'),
    );
    expect(JSON.stringify(records)).not.toContain('canary');
    const { explanation } = (await (
      await post(service, JSON.stringify({ token }))
    ).json()) as ServiceExplanation;
    expect(explanation.outcome).toBe('allow');
  });

  test('uses the cache of the service, which a later check still finds', async () => {
    const service = await startApp();
    const token = await service.issuer.mint();
    await post(service, JSON.stringify({ token }));
    const metric = async () =>
      /oidc_authz_token_cache_entries (\d+)/.exec(
        await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text(),
      )?.[1];
    expect(await metric()).toBe('0');
    const ask = () =>
      fetch(`http://127.0.0.1:${service.httpPort}/`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    expect(await metric()).toBe('1');
  });

  test.each([
    ['{', {}, 400, 'the body is not JSON'],
    ['[]', {}, 400, 'the request: must be a JSON object'],
    [
      '{"tokens": "x"}',
      {},
      400,
      '"tokens": unknown member; use method, host, path, headers, token, policy, source',
    ],
    ['{"token": "a b"}', {}, 400, 'token: must be one token, without white space'],
    ['{"headers": {"host": "a"}}', {}, 400, 'headers: host is not allowed here; set the host of the request'],
    ['{}', { 'content-type': 'text/plain' }, 415, 'expected the content type application/json'],
    [`{"path": "/${'x'.repeat(70_000)}"}`, {}, 413, 'the body has more than 65536 bytes'],
  ])('of invalid body %# is rejected with status 400, 413 or 415', async (body, headers, status, text) => {
    const service = await startApp();
    const response = await post(service, body, headers);
    expect([response.status, await response.text()]).toEqual([status, `${text}\n`]);
  });

  test('is rejected if more than 10 are requested at once', async () => {
    const service = await startApp();
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await post(service, '{}')).status),
    );
    expect(statuses).toContain(200);
    expect(statuses).toContain(429);
  });

  test('needs access to the admin listener, as the decisions do', async () => {
    const service = await startApp();
    const response = await post(service, '{}', { 'x-forwarded-for': '192.0.2.1' });
    expect(response.status).toBe(403);
    expect((await fetch(`http://127.0.0.1:${service.adminPort}/explain`)).status).toBe(405);
  });
});

describe('a decision', () => {
  const denied = async (service: RunningApp, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${service.httpPort}/orders`, { headers });
    return response.headers.get('x-oidc-authz-decision') ?? '';
  };

  test('has the state of the service, and no note if all is well', async () => {
    const service = await startApp();
    const result = await explainDecision(targetsOf(service).access, await denied(service));
    expect(result.notes).toEqual([]);
    expect(result.service).toMatchObject({ ready: true, failedReloads: [], configHash: result.configHash });
    expect(result.recorded).not.toHaveProperty('service');
  });

  test('names a failed reload first, because the file can have the fix', async () => {
    const service = await startApp();
    const id = await denied(service);
    service.app.reloadFailed(new Error('the configuration has 1 problem:\n  - limts: unknown option'));
    const { notes, help } = await explainDecision(targetsOf(service).access, id);
    expect(notes).toEqual([
      expect.stringMatching(
        /^the configuration has changed but is invalid since .*Z: the service still uses the old one\. the configuration has 1 problem: - limts: unknown option$/,
      ),
    ]);
    expect(help?.fix[0]).toMatch(/^Correct the configuration first\./);
    expect(help?.fix.length).toBeGreaterThan(1);
  });

  test('names the problem of its issuer now, and that the issuer is ready again', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const { jwks } = issuer;
    issuer.jwks = (_, response) => response.writeHead(502).end();
    const service = await startApp({
      issuer,
      untilReady: false,
      flags: ['--keys-refresh-interval=100ms'],
    });
    await until(() => service.records.some(({ problem }) => problem !== undefined));
    const id = await denied(service, await issuer.mint());
    const { access } = targetsOf(service);
    const down = await explainDecision(access, id);
    expect([down.reason, down.notes]).toEqual(['keys_unavailable', ['the service is not ready']]);
    expect(down.detail).toContain('status 502 instead of 200');
    issuer.jwks = jwks;
    await until(() => service.records.some(({ state }) => state === 'ready'));
    expect((await explainDecision(access, id)).notes).toEqual([
      'the issuer main is ready now: send the request again',
    ]);
    // A token of an issuer that fails later.
    const other = await denied(service, await issuer.mint({ claims: { aud: 'account' } }));
    issuer.jwks = (_, response) => response.writeHead(503).end();
    await until(() => service.records.some(({ state }) => state === 'stale'));
    expect((await explainDecision(access, other)).notes).toEqual([
      expect.stringMatching(/^the issuer main is stale now: .*status 503 instead of 200/),
    ]);
  });
});
