/** Requests without a token: the rules open the same paths as oauth2-proxy, and no others. */
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../../../src/config/declare/options.ts';
import { systemClock } from '../../../../../src/runtime/time/clock.ts';
import { runRuleTests } from '../../../../../src/tools/check-config/rule-tests.ts';
import { configFrom, type Flags, findingOf, problemsOf } from '../sample-installation.ts';

/** A request: `METHOD path`, then headers. */
type Request = readonly [target: string, headers?: Readonly<Record<string, string>>];

/** Returns whether requests are allowed without a token. */
async function open(config: Config, requests: readonly Request[]): Promise<readonly string[]> {
  const passed: string[] = [];
  for (const [target, headers = {}] of requests) {
    const [method = '', path = ''] = target.split(' ');
    const test = { name: target, request: { method, path, headers }, expect: { outcome: 'allow' } };
    const { failed } = await runRuleTests(config, JSON.stringify([test]), 'table', systemClock);
    if (failed === 0) passed.push(target);
  }
  return passed;
}

const targets = (...paths: readonly string[]): Request[] => paths.map((path) => [path]);

describe('routes', () => {
  test('open the paths of the expression; others need a token', async () => {
    const flags = {
      'skip-auth-regex': ['^/public/'],
      'skip-auth-route': ['GET=^/healthz$', '^/assets/[^/]+$', 'post=^/hooks/.+'],
    };
    const config = await configFrom(flags);
    const opened = [
      'GET /public/a',
      'DELETE /public/a/b',
      'GET /healthz',
      'PUT /assets/x',
      'POST /hooks/a/b',
    ];
    const guarded = [
      ...[
        'GET /public',
        'GET /publicly',
        'POST /healthz',
        'GET /healthz/',
        'GET /healthzz',
        'PUT /assets/x/y',
      ],
      ...['GET /hooks/a', 'POST /hooks/', 'GET /', 'GET /x/public/', 'GET /public/../x', 'GET //public/a'],
      ...['GET /public%2Fa', 'GET /x;/public/', 'GET /x?/public/'],
    ];
    expect(await open(config, targets(...opened, ...guarded))).toEqual(opened);
    expect(config.noRuleMatches).toBe('token');
    expect(findingOf('skip-auth-route', flags).verdict).toBe('kept');
    const token = { name: 't', request: { path: '/x' }, claims: { sub: 'a' }, expect: { outcome: 'allow' } };
    const good = await runRuleTests(config, JSON.stringify([token]), 'table', systemClock);
    expect(good.failed).toBe(0);
  });

  test('that patterns cannot express stay guarded, with a finding', async () => {
    const flags = { 'skip-auth-route': ['^/healthz', '^/v\\d+/open$', '\\.css$'] };
    const config = await configFrom(flags);
    const requests = [
      'GET /healthz',
      'GET /healthz/a',
      'GET /healthzz',
      'GET /v1/open',
      'GET /a.css',
      'GET /x',
    ];
    expect(await open(config, targets(...requests))).toEqual(['GET /healthz', 'GET /healthz/a']);
    const { verdict, text } = findingOf('skip-auth-route', flags);
    expect(verdict).toBe('changed');
    expect(text).toMatch(
      /`\^\/healthz` becomes the rule `skip-1`, which opens \/healthz and \/healthz\/\{\*\*\}; other/,
    );
    expect(text).toMatch(/`\^\/v\\d\+\/open\$` cannot be expressed as path patterns.*write a rule/);
  });

  test('that match nothing make no rules', async () => {
    const flags = { 'skip-auth-route': ['^/v\\d+$'], 'skip-auth-regex': [] };
    const config = await configFrom(flags);
    expect([config.rules, config.noRuleMatches]).toEqual([undefined, 'deny']);
    expect(findingOf('skip-auth-regex', flags).verdict).toBe('meaningless');
  });

  test('that open the same paths make one rule', async () => {
    const flags = {
      'skip-auth-regex': ['^/a$', '^/a$', '^/b/'],
      'skip-auth-route': ['GET=^/a$', '^/b/c$', '^/(a|d)$'],
      'skip-auth-preflight': true,
    };
    const config = await configFrom({
      ...flags,
      'skip-auth-route': [...flags['skip-auth-route'], 'OPTIONS=^/e$'],
    });
    expect(config.rules?.map(({ name }) => name)).toEqual([
      'preflight',
      'skip-1',
      'skip-3',
      'skip-6',
      'rest',
    ]);
    expect(config.rules?.at(-2)?.match.paths).toEqual(['/d']);
  });

  test('that open all paths leave none guarded, as in oauth2-proxy', async () => {
    const config = await configFrom({ 'skip-auth-route': ['.*', '^/a$', '!=^/b$'] });
    expect(config.rules?.map(({ name }) => name)).toEqual(['skip-1']);
    expect(await open(config, targets('GET /b', 'PUT /'))).toEqual(['GET /b', 'PUT /']);
  });

  test('with an unknown method open nothing', async () => {
    const flags = { 'skip-auth-route': ['^/a=b$', 'GET =^/c$', '/x!=^/d$'] };
    expect((await configFrom(flags)).rules).toBeUndefined();
    expect(findingOf('skip-auth-route', flags).text).toContain('no method has this name');
  });

  test('report other differences once', () => {
    const flags = { 'skip-auth-route': ['^/a$'], 'skip-auth-regex': ['^/b$'] };
    expect(findingOf('skip-auth-regex', flags).text).toMatch(/get 400.*no identity headers$/);
    expect(findingOf('skip-auth-route', flags).text).not.toContain('400');
    const strict = { ...flags, 'bearer-token-login-fallback': false };
    expect(findingOf('skip-auth-regex', strict).text).toContain('answers 403');
  });
});

describe('negated entries', () => {
  test('open all other paths if patterns can express the guarded ones', async () => {
    const flags = { 'skip-auth-route': ['!=^/admin(/|$)', '^/admin/public$'] };
    const config = await configFrom(flags);
    const opened = ['GET /', 'GET /x', 'POST /administrator', 'GET /admin/public', 'GET /x/admin'];
    const guarded = [
      'GET /admin',
      'GET /admin/',
      'GET /admin/x',
      'GET /x/../admin',
      'GET /%61dmin',
      'GET //admin',
    ];
    const unclear = ['GET /admin%2Fx', 'GET /admin;x', 'GET /%2561dmin'];
    expect(await open(config, targets(...opened, ...guarded, ...unclear))).toEqual(opened);
    expect(findingOf('skip-auth-route', flags).verdict).toBe('kept');
  });

  test('open nothing if patterns cannot express the guarded ones', async () => {
    for (const route of ['!=^/admin', '!=admin', '!=\\.secret$', '!=(?i)^/admin/', '!=^/a\\b']) {
      const flags = { 'skip-auth-route': [route] };
      expect((await configFrom(flags)).rules).toBeUndefined();
      expect(findingOf('skip-auth-route', flags)).toMatchObject({
        verdict: 'changed',
        text: expect.stringContaining('so it opens none'),
      });
    }
  });

  test('may guard too many paths, with a finding', async () => {
    const flags = { 'skip-auth-route': ['!=^/v\\d+/admin/'] };
    const config = await configFrom(flags);
    const requests = targets('GET /v1/admin/x', 'GET /vx/admin/x', 'GET /v1/other', 'GET /');
    expect(await open(config, requests)).toEqual(['GET /v1/other', 'GET /']);
    expect(findingOf('skip-auth-route', flags).verdict).toBe('changed');
  });

  test('of one method do not affect other methods', async () => {
    const config = await configFrom({ 'skip-auth-route': ['GET!=^/admin/', 'POST=^/admin/hook$'] });
    const requests = targets('GET /', 'GET /admin/', 'POST /', 'POST /admin/hook', 'GET /admin/hook');
    expect(await open(config, requests)).toEqual(['GET /', 'POST /admin/hook']);
  });

  test('guard the paths of every entry', async () => {
    const flags = { 'skip-auth-route': ['!=^/a/', '!=^/b/', 'GET!=^/c/'] };
    const config = await configFrom(flags);
    const requests = targets('GET /a/x', 'POST /a/x', 'POST /b/x', 'POST /c/x', 'GET /c/x', 'PUT /');
    const opened = await open(config, requests);
    // With all entries together oauth2-proxy opens every path.
    expect(opened).toEqual(['GET /a/x', 'POST /c/x', 'PUT /']);
    expect(findingOf('skip-auth-route', flags).verdict).toBe('changed');
  });

  test('do not open again what another entry opens', async () => {
    const config = await configFrom({ 'skip-auth-route': ['!=^/a/', '^/a/'] });
    expect(await open(config, targets('GET /a/x', 'GET /'))).toEqual(['GET /a/x', 'GET /']);
  });
});

test('preflights are all OPTIONS requests', async () => {
  const config = await configFrom({ 'skip-auth-preflight': true });
  expect(await open(config, targets('OPTIONS /a', 'GET /a'))).toEqual(['OPTIONS /a']);
  const preflight = (method: string): Request => [
    `OPTIONS /${method}`,
    { origin: 'https://shop.example.com', 'access-control-request-method': method },
  ];
  const preflights = ['GET', 'DELETE', 'patch'].map(preflight);
  const passed = preflights.map(([target]) => target);
  expect(await open(config, preflights)).toEqual(passed);
  const allBut = await configFrom({ 'skip-auth-preflight': true, 'skip-auth-route': ['!=^/(GET|x)$'] });
  expect(await open(allBut, [...preflights, ...targets('GET /GET', 'GET /y')])).toEqual([
    ...passed,
    'GET /y',
  ]);
  expect(config.noRuleMatches).toBe('token');
  expect((await configFrom({ 'skip-auth-preflight': false })).rules).toBeUndefined();
  expect(findingOf('skip-auth-preflight', { 'skip-auth-preflight': false }).verdict).toBe('meaningless');
});

describe('trusted addresses', () => {
  const trusted: Flags = {
    'trusted-ip': ['192.0.2.0/24', '2001:db8::1'],
    'reverse-proxy': true,
    'real-client-ip-header': 'X-Forwarded-For',
    'trusted-proxy-ip': ['10.0.0.0/8'],
  };
  const from = (addresses: string): Request => [`GET /${addresses.length}`, { 'x-forwarded-for': addresses }];

  test('are compared with the last address that is not a proxy', async () => {
    const config = await configFrom(trusted);
    const inside = [from('192.0.2.7'), from('203.0.113.9, 192.0.2.77, 10.1.2.3'), from('2001:db8::1')];
    const outside = [
      from('192.0.2.7, 203.0.113.9'),
      from('203.0.113.9'),
      from(''),
      from('10.0.0.1'),
      from('unknown!'),
    ];
    expect(await open(config, [...inside, ...outside])).toEqual(inside.map(([target]) => target));
    expect(findingOf('trusted-ip', trusted)).toMatchObject({
      verdict: 'kept',
      text: expect.stringContaining(
        'before 7.15.5 oauth2-proxy used the first one, which any client can set',
      ),
    });
    expect(findingOf('trusted-proxy-ip', trusted).verdict).toBe('kept');
  });

  test.each<[string, Flags]>([
    ['no proxies are listed', { 'trusted-proxy-ip': undefined }],
    ['every proxy is trusted', { 'trusted-proxy-ip': ['0.0.0.0/0'] }],
    ['a client can send the header', { 'real-client-ip-header': 'CF-Connecting-IP' }],
    ['the header is the default', { 'real-client-ip-header': undefined }],
    ['the address is that of Envoy', { 'reverse-proxy': false }],
  ])('need a token if %s', async (_, flags) => {
    expect((await configFrom({ ...trusted, ...flags })).rules).toBeUndefined();
    expect(findingOf('trusted-ip', { ...trusted, ...flags })).toMatchObject({
      verdict: 'changed',
      text: expect.stringContaining('so these clients now need a token'),
    });
  });

  test('may come from Envoy at the edge', async () => {
    const config = await configFrom({ ...trusted, 'real-client-ip-header': 'X-Envoy-External-Address' });
    expect(config.trustedHeaders).toEqual(['x-envoy-external-address']);
    const address = (value: string, name = 'x-envoy-external-address'): Request => [
      `GET /${value}`,
      { [name]: value },
    ];
    const requests = [address('192.0.2.7'), address('203.0.113.9'), address('192.0.2.8', 'x-forwarded-for')];
    expect(await open(config, requests)).toEqual(['GET /192.0.2.7']);
  });

  test('come before guarded paths', async () => {
    const config = await configFrom({ ...trusted, 'skip-auth-route': ['!=^/admin/'] });
    const requests: Request[] = [['GET /admin/x', { 'x-forwarded-for': '192.0.2.7' }], ['GET /admin/y']];
    expect(await open(config, requests)).toEqual(['GET /admin/x']);
  });

  test('must be addresses', () => {
    expect(problemsOf({ ...trusted, 'trusted-ip': ['192.0.2.0/33', 'localhost'] })).toHaveLength(2);
  });

  test('make no rule if there are none', () => {
    const none = { ...trusted, 'trusted-ip': undefined };
    for (const flag of ['reverse-proxy', 'real-client-ip-header', 'trusted-proxy-ip'])
      expect(findingOf(flag, none).verdict).toBe('meaningless');
  });
});
