/** Which rule decides a request. */
import { describe, expect, test } from 'vitest';
import { createClientAddress } from '../../../src/check/rules/client-address.ts';
import { createSelectRule, type MatchOptions } from '../../../src/check/rules/select-rule.ts';
import { hostCovers, pathCovers } from '../../../src/config/rules/patterns.ts';
import type { RuleConfig } from '../../../src/config/rules/rule-options.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import { checkRequest } from '../../support/requests.ts';

type Match = Partial<RuleConfig['match']> & { allowPreflight?: boolean };

const noTolerance = { ignoreCase: false, ignoreTrailingSlash: false };

function selectOf(...matches: Match[]) {
  const rules = matches.map(
    ({ allowPreflight = false, ...match }, index) =>
      ({ name: `r${index}`, match: { headers: {}, ...match }, allowPreflight }) as unknown as RuleConfig,
  );
  const select = createSelectRule(
    rules,
    createClientAddress({ header: 'x-forwarded-for', trustedProxies: ['10.0.0.0/8'] }),
  );
  return (path: string, request: Partial<CheckRequest> = {}) =>
    select(checkRequest({ path, host: 'orders.example.com', ...request }));
}

const withHeaders = (headers: Record<string, readonly string[]>): Partial<CheckRequest> => ({
  header: (name) => headers[name] ?? [],
});

test('the first rule that matches decides', () => {
  const select = selectOf({ paths: ['/a'] }, { paths: ['/a', '/b'] }, {});
  expect([select('/a'), select('/b'), select('/c')]).toEqual([0, 1, 2]);
});

describe('paths', () => {
  test.each([
    ['/orders', '/orders', true],
    ['/orders', '/orders/', false],
    ['/orders', '/Orders', false],
    ['/orders/', '/orders/', true],
    ['/orders/{*}', '/orders/1', true],
    ['/orders/{*}', '/orders/', false],
    ['/orders/{*}', '/orders/1/2', false],
    ['/{*}/items', '/orders/items', true],
    ['/orders/{**}', '/orders/1/2', true],
    ['/orders/{**}', '/orders/', true],
    ['/orders/{**}', '/orders', false],
    ['/{**}', '/', true],
    ['/*', '/', true],
    ['/*', '/a/b/c', true],
    ['/a b', '/a%20b', true],
    ['/public', '/publicadmin', false],
  ])('%s for %s: %s', (pattern, path, isMatch) => {
    expect(selectOf({ paths: [pattern] })(path)).toBe(isMatch ? 0 : 'none');
  });

  test('with two readings are ambiguous only if a rule matches paths', () => {
    expect(selectOf({ paths: ['/a'] }, {})('//a')).toBe('path_ambiguous');
    expect(selectOf({ methods: ['GET'] })('//a')).toBe(0);
  });
});

describe('a path that servers read differently', () => {
  const select = (...paths: string[]) => selectOf(...paths.map((path) => ({ paths: [path] })));
  test.each([
    // The second rule would decide for some servers, and the first for others.
    [['/admin', '/{**}'], '/admin.', 'path_ambiguous'],
    [['/admin', '/{**}'], '/admin%20', 'path_ambiguous'],
    [['/admin', '/{**}'], '/%61dmin', 'path_ambiguous'],
    [['/admin/{**}', '/{**}'], '/admin./x', 'path_ambiguous'],
    [['/admin/{**}', '/{**}'], '/%EF%BD%81dmin/x', 'path_ambiguous'],
    [['/public/{**}', '/{**}'], '/%70ublic/x', 'path_ambiguous'],
    [['/public/{**}'], '/%70ublic/x', 'path_ambiguous'],
    [['/public/x'], '/%70ublic/x', 'path_ambiguous'],
    [['/public/x/y', '/{**}'], '/public./x/y', 'path_ambiguous'],
    [['/public/{**}'], '/public./x', 'path_ambiguous'],
    [['/café', '/{**}'], '/cafe%CC%81', 'path_ambiguous'],
    [['/café', '/{**}'], '/caf%c3%a9', 'path_ambiguous'],
    [['/a b', '/{**}'], '/a+b', 'path_ambiguous'],
    [['/@me/{**}'], '/%40me/x', 'path_ambiguous'],
    // Otherwise, the result does not matter.
    [['/admin', '/{**}'], '/else.', 1],
    [['/public/{**}', '/{**}'], '/public/%61.', 0],
    [['/users/{*}', '/{**}'], '/users/a%40b.c', 0],
    [['/{*}/x', '/{**}'], '/admin./x', 0],
    // For every server, `{*}` does not match an empty segment.
    [['/{*}/{*}', '/{**}'], '/admin./', 1],
    [['/{*}', '/{**}'], '/a%2Eb', 0],
    [['/c++', '/{**}'], '/c++', 0],
    [['/café', '/{**}'], '/caf%C3%A9', 0],
    [['/a b', '/{**}'], '/a%20b', 0],
    [['/a', '/b'], '/c.', 'none'],
  ] as const)('%j: %s is %s', (paths, target, expected) => {
    expect(select(...paths)(target)).toBe(expected);
  });

  test('is ambiguous for an expression that reads the path, with any match of its rule', () => {
    const rules = (expression: string) => [
      { name: 'own', match: { headers: {} }, require: { expression } } as unknown as RuleConfig,
    ];
    const selectBy = (expression: string, path: string) =>
      createSelectRule(rules(expression), () => undefined)(checkRequest({ path, host: 'h' }));
    for (const reads of [
      'claims.sub == request.segments[1]',
      'request.path == "/a"',
      'request == claims.r',
    ]) {
      expect(selectBy(reads, '/users/bob.')).toBe('path_ambiguous');
      expect(selectBy(reads, '/users/a%40b.c')).toBe(0);
    }
    expect(selectBy('claims.sub == "a"', '/users/bob.')).toBe(0);
  });
});

describe('paths.ignoreCase and paths.ignoreTrailingSlash', () => {
  type Kind = 'anonymous' | 'deny' | 'require' | 'preflight' | 'shadow';
  const both = { ignoreCase: true, ignoreTrailingSlash: true };
  const selectBy = (
    conditions: readonly (readonly [Kind, string])[],
    comparison: Partial<MatchOptions> = {},
  ) => {
    const rules = conditions.map(
      ([kind, path], index) =>
        ({
          name: `r${index}`,
          match: { headers: {}, paths: [path] },
          allowPreflight: kind === 'preflight',
          ...(kind === 'anonymous' && { allow: 'anonymous' }),
          ...((kind === 'deny' || kind === 'shadow') && { deny: true }),
          ...(kind === 'shadow' && { mode: 'shadow' }),
          ...((kind === 'require' || kind === 'preflight') && { require: {} }),
        }) as unknown as RuleConfig,
    );
    const select = createSelectRule(rules, () => undefined, {
      paths: both,
      hosts: { ports: 'exact' },
      noRuleMatches: 'deny',
      mode: 'enforce',
      ...comparison,
    });
    return (path: string) => select(checkRequest({ path }));
  };

  test.each([
    [
      [
        ['deny', '/admin/{**}'],
        ['anonymous', '/{**}'],
      ],
      '/ADMIN/x',
      0,
    ],
    [
      [
        ['deny', '/admin/{**}'],
        ['anonymous', '/{**}'],
      ],
      '/aDmIn',
      0,
    ],
    [
      [
        ['deny', '/admin'],
        ['anonymous', '/{**}'],
      ],
      '/admin/',
      0,
    ],
    [
      [
        ['deny', '/admin/'],
        ['anonymous', '/{**}'],
      ],
      '/Admin',
      0,
    ],
    [
      [
        ['deny', '/'],
        ['anonymous', '/{**}'],
      ],
      '/',
      0,
    ],
    [
      [
        ['deny', '/Admin'],
        ['anonymous', '/{**}'],
      ],
      '/admin',
      0,
    ],
    [
      [
        ['deny', '/admin'],
        ['anonymous', '/{**}'],
      ],
      '/adm%C4%B1n',
      0,
    ],
    [
      [
        ['deny', '/settings'],
        ['anonymous', '/{**}'],
      ],
      '/%C5%BFettings',
      'path_ambiguous',
    ],
    [
      [
        ['deny', '/admin'],
        ['anonymous', '/{**}'],
      ],
      '/adm%C4%B0n',
      0,
    ],
    [
      [
        ['deny', '/straße'],
        ['anonymous', '/{**}'],
      ],
      '/STRASSE',
      0,
    ],
    [
      [
        ['deny', '/straße'],
        ['anonymous', '/{**}'],
      ],
      '/STRA%E1%BA%9EE',
      0,
    ],
    [
      [
        ['require', '/admin/{**}'],
        ['anonymous', '/{**}'],
      ],
      '/ADMIN/x',
      0,
    ],
    // A server that ignores case can also remove the end of a segment.
    [
      [
        ['deny', '/admin'],
        ['anonymous', '/{**}'],
      ],
      '/ADMIN.',
      'path_ambiguous',
    ],
    [
      [
        ['require', '/admin/{**}'],
        ['anonymous', '/{**}'],
      ],
      '/%EF%BC%A1dmin/x',
      'path_ambiguous',
    ],
    // A rule that allows matches exactly.
    [
      [
        ['anonymous', '/public/{**}'],
        ['deny', '/{**}'],
      ],
      '/PUBLIC/x',
      1,
    ],
    [
      [
        ['anonymous', '/public'],
        ['deny', '/{**}'],
      ],
      '/public/',
      1,
    ],
    [
      [
        ['anonymous', '/public/{**}'],
        ['deny', '/{**}'],
      ],
      '/public/x',
      0,
    ],
    [
      [
        ['anonymous', '/admin/login'],
        ['deny', '/admin/{**}'],
        ['anonymous', '/{**}'],
      ],
      '/ADMIN/LOGIN',
      1,
    ],
    // A denied request stays denied.
    [
      [
        ['require', '/orders/{**}'],
        ['deny', '/{**}'],
      ],
      '/ORDERS/x',
      1,
    ],
    [[['require', '/orders/{**}']], '/ORDERS/x', 'none'],
    [
      [
        ['require', '/a'],
        ['require', '/{**}'],
      ],
      '/A',
      'path_ambiguous',
    ],
    [
      [
        ['shadow', '/admin/{**}'],
        ['require', '/{**}'],
      ],
      '/ADMIN/x',
      1,
    ],
    [
      [
        ['shadow', '/admin/{**}'],
        ['anonymous', '/{**}'],
      ],
      '/ADMIN/x',
      0,
    ],
    [
      [
        ['require', '/admin/{**}'],
        ['shadow', '/{**}'],
      ],
      '/ADMIN/x',
      0,
    ],
    // An earlier rule decides without the rules after it.
    [
      [
        ['anonymous', '/{*}'],
        ['deny', '/admin'],
      ],
      '/ADMIN',
      0,
    ],
    [
      [
        ['anonymous', '/{*}'],
        ['deny', '/admin'],
      ],
      '/ADMIN.',
      0,
    ],
  ] as const)('%j: %s is %s', (rules, path, expected) => {
    expect(selectBy(rules)(path)).toBe(expected);
  });

  test('with `noRuleMatches: token`, a rule that requires more decides', () => {
    const lenient = { noRuleMatches: 'token' } as const;
    expect(selectBy([['require', '/a']], lenient)('/A')).toBe(0);
    expect(selectBy([['preflight', '/a']], lenient)('/A')).toBe('path_ambiguous');
    expect(selectBy([['deny', '/a']], lenient)('/A')).toBe(0);
  });

  test('are independent and off by default', () => {
    const rules = [
      ['deny', '/admin'],
      ['anonymous', '/{**}'],
    ] as const;
    const of = (paths: Partial<typeof both>) => {
      const select = selectBy(rules, { paths: { ...noTolerance, ...paths } });
      return ['/admin', '/ADMIN', '/admin/', '/ADMIN/'].map(select);
    };
    expect(of({})).toEqual([0, 1, 1, 1]);
    expect(of({ ignoreCase: true })).toEqual([0, 0, 1, 1]);
    expect(of({ ignoreTrailingSlash: true })).toEqual([0, 1, 0, 1]);
    expect(of(both)).toEqual([0, 0, 0, 0]);
  });
});

describe('hosts', () => {
  const select = selectOf(
    { hosts: ['a.shop.example.com'] },
    { hosts: ['*.shop.example.com'] },
    { hosts: ['*.example.com', 'example.com'] },
    { hosts: ['[::1]'] },
  );
  test.each([
    ['a.shop.example.com', 0],
    ['A.SHOP.example.com', 0],
    ['b.shop.example.com', 1],
    ['x.y.shop.example.com', 1],
    ['shop.example.com', 2],
    ['example.com', 2],
    ['evil-example.com', 'none'],
    ['example.com.evil', 'none'],
    ['[::1]', 3],
    ['other.example.org:8443', 'none'],
    ['A.SHOP.example.com:443', 'host_ambiguous'],
    ['example.com.', 'host_ambiguous'],
    ['[::1]:80', 'host_ambiguous'],
    ['', 'host_ambiguous'],
  ])('%s', (host, expected) => {
    expect(select('/', { host })).toBe(expected);
  });
});

describe('a host with a port', () => {
  const rules: Match[] = [
    { hosts: ['api.example.com:8443', '*.wide.example.com:9000', '[::1]:80'] },
    { paths: ['/everywhere'] },
    { hosts: ['api.example.com', '*.wide.example.com', '[::1]'] },
    {},
  ];
  const exact = selectOf(...rules);
  test.each([
    ['api.example.com', '/', 2],
    ['api.example.com:8443', '/', 0],
    ['API.example.com:8443', '/', 0],
    ['api.example.com:8444', '/', 'host_ambiguous'],
    ['api.example.com:8444', '/everywhere', 1],
    ['a.wide.example.com:9000', '/', 0],
    ['a.wide.example.com:9001', '/', 'host_ambiguous'],
    ['[::1]:80', '/', 0],
    ['[::1]:81', '/', 'host_ambiguous'],
    ['other.example.com:8443', '/', 3],
  ])('%s%s with exact ports: %s', (host, path, expected) => {
    expect(exact(path, { host })).toBe(expected);
  });

  const ignoring = createSelectRule(
    [{ hosts: ['api.example.com'] }, {}].map(
      (match, index) => ({ name: `r${index}`, match: { headers: {}, ...match } }) as unknown as RuleConfig,
    ),
    () => undefined,
    { paths: noTolerance, hosts: { ports: 'ignore' }, noRuleMatches: 'deny', mode: 'enforce' },
  );
  test.each([
    ['api.example.com:8443', 0],
    ['api.example.com:', 'host_ambiguous'],
    ['api.example.com:080', 'host_ambiguous'],
    ['api.example.com.:80', 'host_ambiguous'],
    ['other.example.com:1', 1],
  ])('%s with ignored ports: %s', (host, expected) => {
    expect(ignoring(checkRequest({ host }))).toBe(expected);
  });

  test('is ignored if no rule matches hosts', () => {
    const select = selectOf({ paths: ['/a'] }, {});
    for (const host of ['', 'a..b', 'h,b', 'h:', 'é']) expect(select('/a', { host })).toBe(0);
  });

  test('is used if an expression reads it', () => {
    const of = (expression: string) =>
      createSelectRule(
        [{ name: 'r', match: { headers: {} }, require: { expression } } as unknown as RuleConfig],
        () => undefined,
      );
    expect(of('request.host == "a"')(checkRequest({ host: 'h,b' }))).toBe('host_ambiguous');
    expect(of('claims.sub == "a"')(checkRequest({ host: 'h,b' }))).toBe(0);
  });
});

test('methods', () => {
  const select = selectOf({ methods: ['GET', 'HEAD'] }, { methods: ['POST'] });
  expect(['GET', 'HEAD', 'POST', 'get', 'OPTIONS'].map((method) => select('/', { method }))).toEqual([
    0,
    0,
    1,
    'none',
    'none',
  ]);
});

test('headers, by value and by presence; a duplicate header has no value', () => {
  const select = selectOf({ headers: { 'x-tenant': 'a', 'x-there': true } });
  expect(select('/', withHeaders({ 'x-tenant': ['a'], 'x-there': [''] }))).toBe(0);
  expect(select('/', withHeaders({ 'x-tenant': ['a', 'a'], 'x-there': [''] }))).toBe('none');
  expect(select('/', withHeaders({ 'x-tenant': ['A'], 'x-there': [''] }))).toBe('none');
  expect(select('/', withHeaders({ 'x-tenant': ['a'] }))).toBe('none');
});

test('a preflight matches the rule for the method that it asks for', () => {
  const select = selectOf({ methods: ['PUT'], allowPreflight: true });
  const asking = (method: string) => ({
    method: 'OPTIONS',
    ...withHeaders({ origin: ['https://a'], 'access-control-request-method': [method] }),
  });
  expect(select('/', asking('PUT'))).toBe(0);
  expect(select('/', asking('GET'))).toBe('none');
  expect(select('/', { method: 'OPTIONS' })).toBe('none');
});

describe('a pattern covers another', () => {
  test.each([
    ['/*', '/a', true],
    ['/*', '/', true],
    ['/{**}', '/a/{**}', true],
    ['/a/{**}', '/a/b', true],
    ['/a/{**}', '/a', false],
    ['/a/{*}', '/a/b', true],
    ['/a/{*}', '/a/{**}', false],
    ['/a/{*}', '/a/', false],
    ['/a/{*}', '/a/{*}', true],
    ['/a/b', '/a/{*}', false],
    ['/a', '/a', true],
  ])('%s %s: %s', (wide, narrow, expected) => {
    expect(pathCovers(wide, narrow)).toBe(expected);
  });
  test.each([
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', '*.b.example.com', true],
    ['*.example.com', '*.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.b.example.com', '*.example.com', false],
    ['a.example.com', '*.example.com', false],
  ])('%s %s: %s', (wide, narrow, expected) => {
    expect(hostCovers(wide, narrow)).toBe(expected);
  });
});

// So long that a quadratic algorithm would exceed the test timeout.
test('a host of a million dots and a path of a million segments are read in linear time', () => {
  const select = selectOf({ hosts: ['*.example.com'], paths: ['/{*}/{*}/{**}'] }, {});
  const host = 'a.example.com';
  expect(select('/', { host: `${'a.'.repeat(1_000_000)}example.com` })).toBe('host_ambiguous');
  expect(select('/a'.repeat(1_000_000), { host })).toBe(0);
  expect(select(`${'/a/..'.repeat(400_000)}/a`, { host })).toBe('path_ambiguous');
  expect(select(`/${'%61'.repeat(600_000)}`, { host })).toBe(1);
  expect(select(`/${'a.'.repeat(600_000)}`, { host })).toBe(1);
  expect(select(`/${'.'.repeat(1_000_000)}a`, { host })).toBe(1);
  expect(select(`/a${'%20'.repeat(400_000)}b`, { host })).toBe(1);
});
