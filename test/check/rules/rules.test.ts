/** Rules over HTTP and gRPC: decisions and forwarded headers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import { configOf, type RunningApp, runApp, startApp } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { connectGrpc, type GrpcClient } from '../../support/grpc-client.ts';
import { exchange, request } from '../../support/http1.ts';

let main: FakeIssuer;
let other: FakeIssuer;
let service: RunningApp;
let grpc: GrpcClient;

const base = () => `
issuers:
  - {issuer: "${main.url}", audiences: [${audience}, billing], name: main}
  - {issuer: "${other.url}", audiences: [${audience}], name: other}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
log: {checks: all}
shutdown: {delay: 0s, timeout: 5s}
`;

const rules = `
trustedHeaders: [x-gateway]
rules:
  - {name: health, match: {paths: [/healthz], methods: [GET]}, allow: anonymous}
  - {name: gate, match: {paths: [/gate], headers: {x-gateway: public}}, allow: anonymous}
  - {name: write, match: {paths: ["/orders/{**}"], methods: [POST, PUT]}, require: {scopes: [orders.write], claims: {department: [sales, ops]}}, allowPreflight: true}
  - {name: read, match: {paths: ["/orders/{**}"]}, require: {anyScopes: [orders.read, orders.write]}, outputClaimToHeaders: [{header: x-reader, claim: sub}]}
  - {name: billing, match: {hosts: [billing.example.com]}, require: {issuers: [main], audiences: [billing]}}
  - {name: internal, match: {paths: ["/internal/{**}"]}, deny: true}
  - {name: own, match: {paths: ["/users/{**}"]}, require: {expression: 'claims.sub == request.segments[1]'}}
  - {name: route, match: {paths: [/route]}, require: {scopesFromHeader: x-oidc-authz-require-scopes}}
  - {name: fails, match: {paths: [/fails]}, require: {expression: 'claims.department == "ops"'}}
  - {name: trial, match: {paths: [/trial]}, require: {scopes: [trial]}, mode: shadow}
`;

beforeAll(async () => {
  main = await startFakeIssuer();
  other = await startFakeIssuer();
  service = await runApp({ issuer: main, file: base() + rules });
  grpc = connectGrpc(service.grpcPort);
});

afterAll(async () => {
  grpc.close();
  await service.stop();
  await main.close();
  await other.close();
});

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

/** Checks over both transports, which must agree. @returns the reason, the rule, and the headers that are set */
async function ask({ method = 'GET', path, host = 'orders.example.com', headers = {}, token }: Asked) {
  const all = { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const overHttp = await exchange(
    service.httpPort,
    request(method, path, lines).replace('orders.example.com', host),
    { headOnly: method === 'HEAD' },
  );
  const { status, okResponse, deniedResponse, dynamicMetadata } = await grpc.check({
    method,
    path,
    host,
    headers: all,
  });
  const field = (name: string) => dynamicMetadata?.fields?.[name]?.stringValue;
  expect(overHttp?.status === 200).toBe(status?.code === 0);
  const set = Object.fromEntries(
    (okResponse?.headers ?? []).map(({ header }) => [header?.key ?? '', header?.value ?? '']),
  );
  const overHttpSet = Object.fromEntries(
    Object.entries(overHttp?.headers ?? {}).filter(([name]) => name in set),
  );
  expect(overHttpSet).toEqual(set);
  const removed = okResponse?.headersToRemove ?? [];
  if (status?.code === 0)
    expect(overHttp?.headers['x-envoy-auth-headers-to-remove']?.split(',').toSorted()).toEqual(
      removed.toSorted(),
    );
  return {
    reason: field('reason'),
    rule: field('rule'),
    shadow: field('shadow'),
    set,
    removed,
    status: overHttp?.status,
    denied: deniedResponse,
    challenge: overHttp?.headers['www-authenticate'],
  };
}

const read = () => main.mint({ claims: { scope: 'orders.read' } });
const write = (claims = {}) => main.mint({ claims: { scope: 'orders.write', department: 'ops', ...claims } });

describe('a request', () => {
  test('of an anonymous rule is allowed without a token or with an invalid one, and has no identity', async () => {
    for (const token of [undefined, 'x', await read()]) {
      const answer = await ask({ path: '/healthz', ...(token !== undefined && { token }) });
      expect(answer).toMatchObject({ reason: 'allowed', rule: 'health', set: {} });
      for (const name of ['x-auth-request-user', 'x_auth_request_user', 'x-reader', 'x_reader'])
        expect(answer.removed).toContain(name);
    }
    expect(await ask({ path: '/healthz', method: 'POST' })).toMatchObject({
      status: 401,
      reason: 'token_missing',
    });
  });

  test('is matched by a header of the mesh', async () => {
    expect(await ask({ path: '/gate', headers: { 'x-gateway': 'public' } })).toMatchObject({
      reason: 'allowed',
      rule: 'gate',
    });
    expect(await ask({ path: '/gate', headers: { 'x-gateway': 'other' } })).toMatchObject({
      reason: 'token_missing',
    });
  });

  test('needs its scopes and claims', async () => {
    const path = '/orders/1';
    expect(await ask({ path, method: 'POST', token: await write() })).toMatchObject({
      reason: 'allowed',
      rule: 'write',
      set: { 'x-auth-request-user': 'alice' },
    });
    expect(
      await ask({ path, method: 'POST', token: await write({ department: ['x', 'sales'] }) }),
    ).toMatchObject({ reason: 'allowed' });
    expect(await ask({ path, method: 'POST', token: await write({ department: 'it' }) })).toMatchObject({
      status: 403,
      reason: 'claim_not_allowed',
      rule: 'write',
    });
    const lacking = await ask({ path, method: 'POST', token: await read() });
    expect(lacking).toMatchObject({ status: 403, reason: 'scope_insufficient', rule: 'write' });
    expect(lacking.challenge).toContain('scope="orders.write"');
    expect(await ask({ path, method: 'POST' })).toMatchObject({
      status: 401,
      reason: 'token_missing',
      rule: 'write',
    });
  });

  test('needs one of several scopes, and forwards the headers of its rule', async () => {
    const answer = await ask({ path: '/orders/1', token: await read() });
    expect(answer).toMatchObject({ reason: 'allowed', rule: 'read', set: { 'x-reader': 'alice' } });
    expect(answer.removed).toContain('x-auth-request-user');
    expect(await ask({ path: '/orders/1', token: await write() })).toMatchObject({
      reason: 'allowed',
      rule: 'read',
    });
    expect(await ask({ path: '/orders/1', token: await main.mint() })).toMatchObject({
      status: 403,
      reason: 'scope_insufficient',
    });
  });

  test('needs an issuer and an audience', async () => {
    const host = 'billing.example.com';
    expect(
      await ask({ path: '/', host, token: await main.mint({ claims: { aud: 'billing' } }) }),
    ).toMatchObject({ reason: 'allowed', rule: 'billing' });
    expect(await ask({ path: '/', host, token: await main.mint() })).toMatchObject({
      status: 401,
      reason: 'audience_mismatch',
    });
    expect(await ask({ path: '/', host, token: await other.mint() })).toMatchObject({
      status: 403,
      reason: 'rule_denied',
    });
  });

  test('must meet an expression, and is denied if the expression fails', async () => {
    const token = await main.mint();
    expect(await ask({ path: '/users/alice/items', token })).toMatchObject({
      reason: 'allowed',
      rule: 'own',
    });
    expect(await ask({ path: '/users/x/../alice', token })).toMatchObject({ reason: 'path_ambiguous' });
    expect(await ask({ path: '/users/alice.', token })).toMatchObject({ reason: 'path_ambiguous' });
    expect(await ask({ path: '/users/bob', token })).toMatchObject({
      status: 403,
      reason: 'claim_not_allowed',
      rule: 'own',
    });
    expect(await ask({ path: '/fails', token })).toMatchObject({
      status: 403,
      reason: 'rule_failed',
      rule: 'fails',
    });
    expect(await ask({ path: '/fails', token: await write() })).toMatchObject({ reason: 'allowed' });
    expect(await ask({ path: '/users/alice' })).toMatchObject({ status: 401 });
  });

  test('needs the scopes in the header of the mesh, and is denied if that is absent or repeated', async () => {
    const header = 'x-oidc-authz-require-scopes';
    const token = await main.mint({ claims: { scope: 'a b' } });
    const answer = await ask({ path: '/route', token, headers: { [header]: 'a,b' } });
    expect(answer).toMatchObject({ reason: 'allowed', rule: 'route' });
    expect(answer.removed).toContain(header);
    expect(await ask({ path: '/route', token, headers: { [header]: 'a c' } })).toMatchObject({
      status: 403,
      reason: 'scope_insufficient',
    });
    expect(await ask({ path: '/route', token, headers: { [header]: ' ' } })).toMatchObject({
      status: 403,
      reason: 'rule_denied',
    });
    expect(await ask({ path: '/route', token })).toMatchObject({ status: 403, reason: 'rule_denied' });
    const lines = [`authorization: Bearer ${token}`, `${header}: a`, `${header}: a`];
    expect((await exchange(service.httpPort, request('GET', '/route', lines)))?.status).toBe(403);
  });

  test('of a rule that denies gets 401 without a token and 403 with one', async () => {
    expect(await ask({ path: '/internal/x' })).toMatchObject({ status: 401, rule: 'internal' });
    expect(await ask({ path: '/internal/x', token: await read() })).toMatchObject({
      status: 403,
      reason: 'rule_denied',
      rule: 'internal',
    });
  });

  test('that no rule matches is denied', async () => {
    expect(await ask({ path: '/x' })).toMatchObject({ status: 401, reason: 'token_missing' });
    expect(await ask({ path: '/x', token: await read() })).toMatchObject({
      status: 403,
      reason: 'rule_denied',
      rule: undefined,
    });
  });

  test('with an ambiguous path is denied with 400, with or without a token', async () => {
    for (const path of ['//healthz', '/a%2fb', '/orders/%2e%2e/healthz', '/orders;x/1'])
      for (const token of [undefined, await write()])
        expect(await ask({ path, ...(token !== undefined && { token }) })).toMatchObject({
          status: 400,
          reason: 'path_ambiguous',
        });
  });

  test('that is a preflight is allowed if the rule has allowPreflight', async () => {
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' };
    expect(await ask({ path: '/orders/1', method: 'OPTIONS', headers })).toMatchObject({
      reason: 'allowed',
      rule: 'write',
      set: {},
    });
    expect(await ask({ path: '/orders/1', method: 'OPTIONS' })).toMatchObject({ status: 401 });
    expect(await ask({ path: '/internal/1', method: 'OPTIONS', headers })).toMatchObject({ status: 401 });
  });

  test('of a rule in shadow mode is allowed without an identity, and counted', async () => {
    expect(await ask({ path: '/trial', token: await main.mint() })).toMatchObject({
      reason: 'allowed',
      rule: 'trial',
      shadow: 'scope_insufficient',
      set: {},
    });
    expect(await ask({ path: '/trial' })).toMatchObject({
      reason: 'allowed',
      shadow: 'token_missing',
      set: {},
    });
    expect(
      await ask({ path: '/trial', token: await main.mint({ claims: { scope: 'trial' } }) }),
    ).toMatchObject({ reason: 'allowed', shadow: undefined, set: { 'x-auth-request-user': 'alice' } });
    const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    expect(metrics).toContain('oidc_authz_checks_shadow_total{reason="scope_insufficient",rule="trial"} 2');
    expect(metrics).toMatch(
      /oidc_authz_rule_checks_total\{rule="trial",outcome="allow",reason="allowed"\} \d/,
    );
    expect(service.records.find(({ shadow }) => shadow === 'token_missing')).toMatchObject({
      rule: 'trial',
      outcome: 'allow',
    });
  });
});

describe('an expression that reads the host', () => {
  const start = (more: string) =>
    startApp({
      issuer: main,
      file: `${base()}${more}
rules:
  - {name: port, match: {hosts: ["named.example.com:8443"]}, require: {expression: 'request.host == "named.example.com"'}}
  - {name: not, match: {paths: [/not]}, require: {expression: 'request.host != "locked.example.com"'}}
  - {name: all, require: {expression: 'request.host == "orders.example.com"'}}
`.replace(
        'hosts: ["named.example.com:8443"]',
        more.includes('ignore') ? 'hosts: ["named.example.com"]' : '$&',
      ),
    });
  const askAt = async (at: RunningApp, host: string, path = '/x') => {
    const lines = [`authorization: Bearer ${await main.mint()}`, `x-request-id: ${host}${path}`];
    const text = request('GET', path, lines).replace('host: orders.example.com', `host: ${host}`);
    await exchange(at.httpPort, text);
    return at.records.find(({ requestId }) => requestId === `${host}${path}`)?.reason;
  };

  test('must have the same result with and without the port, unless the rule lists the port', async () => {
    const exact = await start('');
    expect(await askAt(exact, 'orders.example.com')).toBe('allowed');
    expect(await askAt(exact, 'ORDERS.example.com')).toBe('allowed');
    expect(await askAt(exact, 'orders.example.com:8443')).toBe('host_ambiguous');
    expect(await askAt(exact, 'other.example.com:8443')).toBe('claim_not_allowed');
    expect(await askAt(exact, 'locked.example.com:1', '/not')).toBe('host_ambiguous');
    expect(await askAt(exact, 'other.example.com:1', '/not')).toBe('allowed');
    expect(await askAt(exact, 'locked.example.com.', '/not')).toBe('host_ambiguous');
    expect(await askAt(exact, 'named.example.com:8443')).toBe('allowed');
  });

  test('reads it without the port if ports are ignored', async () => {
    const ignoring = await start('hosts: {ports: ignore}');
    expect(await askAt(ignoring, 'orders.example.com:8443')).toBe('allowed');
    expect(await askAt(ignoring, 'locked.example.com:1', '/not')).toBe('claim_not_allowed');
    expect(await askAt(ignoring, 'orders.example.com:')).toBe('host_ambiguous');
  });
});

test('an ambiguous path or host is denied, and allowed in shadow mode', async () => {
  const shadowed = await startApp({
    issuer: main,
    file: `${base()}mode: shadow\nrules: [{name: a, match: {hosts: [a.example.com], paths: [/a]}, require: {}}]\n`,
  });
  await exchange(shadowed.httpPort, request('GET', '/a').replace('orders.example.com', 'a.example.com.'));
  await exchange(shadowed.httpPort, request('GET', '/a//'));
  expect(shadowed.records.map(({ shadow }) => shadow).filter((shadow) => shadow !== undefined)).toEqual([
    'host_ambiguous',
    'path_ambiguous',
  ]);
});

test('a token has two outcomes on two paths, also after a reload', async () => {
  const token = await read();
  const outcomes = async () => [
    (await ask({ path: '/orders/1', token })).reason,
    (await ask({ path: '/orders/1', method: 'POST', token })).reason,
  ];
  expect(await outcomes()).toEqual(['allowed', 'scope_insufficient']);
  await service.app.reload(
    await configOf(
      base() +
        rules.replace(
          'name: read, match: {paths: ["/orders/{**}"]}',
          'name: read, match: {paths: ["/else/{**}"]}',
        ),
    ),
  );
  expect(await outcomes()).toEqual(['rule_denied', 'scope_insufficient']);
  await service.app.reload(await configOf(base() + rules));
  expect(await outcomes()).toEqual(['allowed', 'scope_insufficient']);
});

test('`noRuleMatches: token` allows a valid token, and `mode: shadow` denies nothing', async () => {
  const lenient = await startApp({ issuer: main, file: `${base()}${rules}noRuleMatches: token\n` });
  const status = async (port: number, path: string, token?: string) =>
    (
      await exchange(
        port,
        request('GET', path, token === undefined ? [] : [`authorization: Bearer ${token}`]),
      )
    )?.status;
  expect(await status(lenient.httpPort, '/x', await main.mint())).toBe(200);
  expect(await status(lenient.httpPort, '/x')).toBe(401);
  const clock = createTestClock();
  const shadowed = await startApp({
    issuer: main,
    file: `${base()}${rules}mode: shadow\n`,
    clock,
    untilReady: false,
  });
  const warnings = () =>
    shadowed.records.filter(({ msg }) => String(msg).includes('shadow mode is on')).length;
  expect(warnings()).toBe(1);
  await clock.advance(60_000);
  expect(warnings()).toBe(2);
  const metricsOf = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(await metricsOf(shadowed.adminPort)).toContain('oidc_authz_shadow_mode 1');
  for (const path of ['/x', '/internal/x', '//x', '/orders/1'])
    expect(await status(shadowed.httpPort, path)).toBe(200);
  const stopping = shadowed.stop();
  await clock.advance(10_000);
  await stopping;
});

describe('invalid rules', () => {
  test.each([
    ['rules: []', 'rules'],
    ['rules: [{name: a, match: {}}]', 'rules[0]'],
    ['rules: [{name: a, allow: anonymous, deny: true}]', 'rules[0].deny'],
    ['rules: [{name: a b, deny: true}]', 'rules[0].name'],
    ['rules: [{name: a, require: {issuers: [nobody]}}]', 'rules[0].require.issuers[0]'],
    ['rules: [{name: a, match: {headers: {x-a: b}}, allow: anonymous}]', 'rules[0].match.headers.x-a'],
    ['rules: [{name: a, match: {paths: [/a]}, deny: true}, {name: a, require: {}}]', 'rules[1].name'],
    ['rules: [{name: a, require: {}}, {name: b, match: {paths: [/b]}, deny: true}]', 'rules[1]'],
    [
      'rules: [{name: a, match: {hosts: ["*.example.com"]}, require: {}}, {name: b, match: {hosts: [x.example.com]}, deny: true}]',
      'rules[1]',
    ],
    ['rules: [{name: a, match: {paths: ["/a/{**}/b"]}, deny: true}]', 'rules[0].match.paths[0]'],
    ['rules: [{name: a, match: {paths: ["a"]}, deny: true}]', 'rules[0].match.paths[0]'],
    ['rules: [{name: a, match: {paths: ["/a*"]}, deny: true}]', 'rules[0].match.paths[0]'],
    ['rules: [{name: a, match: {paths: ["/a//b"]}, deny: true}]', 'rules[0].match.paths[0]'],
    ['rules: [{name: a, match: {hosts: ["a.*.com"]}, deny: true}]', 'rules[0].match.hosts[0]'],
    ['rules: [{name: a, match: {hosts: ["A.com"]}, deny: true}]', 'rules[0].match.hosts[0]'],
    ['rules: [{name: a, match: {hosts: ["a.com:0"]}, deny: true}]', 'rules[0].match.hosts[0]'],
    ['rules: [{name: a, match: {hosts: ["a.com."]}, deny: true}]', 'rules[0].match.hosts[0]'],
    [
      'hosts: {ports: ignore}\nrules: [{name: a, match: {hosts: ["a.com:80"]}, deny: true}]',
      'rules[0].match.hosts[0]',
    ],
    ['rules: [{name: a, match: {paths: ["/a/../b"]}, deny: true}]', 'rules[0].match.paths[0]'],
    ['rules: [{name: a, match: {paths: ["/a."]}, deny: true}]', 'rules[0].match.paths[0]'],
    ['rules: [{name: a, match: {paths: ["/a "]}, deny: true}]', 'rules[0].match.paths[0]'],
    ['rules: [{name: a, match: {paths: ["/e\u0301"]}, deny: true}]', 'rules[0].match.paths[0]'],
    [
      'paths: {ignoreCase: true}\nrules: [{name: a, match: {paths: [/a]}, deny: true}, {name: b, match: {paths: [/A]}, allow: anonymous}]',
      'rules[1]',
    ],
    [
      'paths: {ignoreCase: true}\nrules: [{name: a, match: {paths: [/a]}, require: {}}, {name: b, match: {paths: [/A]}, require: {}}]',
      'rules[1]',
    ],
    [
      'paths: {ignoreTrailingSlash: true}\nrules: [{name: a, match: {paths: ["/a/{**}"]}, deny: true}, {name: b, match: {paths: [/a]}, require: {}}]',
      'rules[1]',
    ],
    ['rules: [{name: a, match: {methods: [get]}, deny: true}]', 'rules[0].match.methods[0]'],
    ['rules: [{name: a, deny: false}]', 'rules[0].deny'],
    ['rules: [{name: a, require: {scopes: [a], anyScopes: [a, b]}}]', 'rules[0].require.anyScopes'],
    ['rules: [{name: a, require: {expression: "claims.sub =="}}]', 'rules[0].require.expression'],
    ['rules: [{name: a, require: {expression: "request.method == 5"}}]', 'rules[0].require.expression'],
  ])('%s', async (text, path) => {
    const error = await configOf(`${base()}${text}\n`).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems.map((problem) => problem.path)).toContain(path);
  });

  test.each([
    // Each of these rules decides for some request.
    'rules: [{name: a, match: {paths: [/a]}, deny: true}, {name: b, match: {paths: [/A, /a/]}, allow: anonymous}]',
    'paths: {ignoreCase: true}\nrules: [{name: a, match: {paths: [/a]}, allow: anonymous}, {name: b, match: {paths: [/A]}, deny: true}]',
    'paths: {ignoreCase: true}\nrules: [{name: a, match: {paths: [/a]}, require: {}}, {name: b, match: {paths: [/A]}, deny: true}]',
    'paths: {ignoreCase: true}\nrules: [{name: a, match: {paths: [/a]}, deny: true, mode: shadow}, {name: b, match: {paths: [/A]}, require: {}}]',
    'paths: {ignoreTrailingSlash: true}\nrules: [{name: a, match: {paths: [/a]}, deny: true}, {name: b, match: {paths: ["/a/{**}"]}, require: {}}]',
    'rules: [{name: a, match: {hosts: [a.com]}, deny: true}, {name: b, match: {hosts: ["a.com:80"]}, require: {}}]',
    'rules: [{name: a, match: {hosts: ["*.a.com"]}, deny: true}, {name: b, match: {hosts: ["b.a.com:80", "*.b.a.com:1"]}, require: {}}]',
  ])('do not include: %s', async (text) => {
    await expect(configOf(`${base()}${text}\n`)).resolves.toBeDefined();
  });
});
