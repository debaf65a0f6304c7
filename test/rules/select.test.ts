/** Which rule decides a request. */
import { describe, expect, test } from 'vitest';
import type { CheckRequest } from '../../src/check/types.ts';
import { hostCovers, pathCovers } from '../../src/config/patterns.ts';
import type { RuleConfig } from '../../src/config/rule-options.ts';
import { createClientAddress } from '../../src/rules/client-address.ts';
import { createSelectRule } from '../../src/rules/select.ts';
import { checkRequest } from '../support/requests.ts';

type Match = Partial<RuleConfig['match']> & { allowPreflight?: boolean };

function selectOf(...matches: Match[]) {
  const rules = matches.map(
    ({ allowPreflight = false, ...match }, index) =>
      ({ name: `r${index}`, match: { headers: {}, ...match }, allowPreflight }) as unknown as RuleConfig,
  );
  const select = createSelectRule(
    rules,
    createClientAddress({ header: 'x-forwarded-for', trustedProxies: ['10.0.0.0/8'] }),
  );
  return (path: string, given: Partial<CheckRequest> = {}) =>
    select(checkRequest({ path, host: 'orders.example.com', ...given }));
}

const withHeaders = (headers: Record<string, readonly string[]>): Partial<CheckRequest> => ({
  header: (name) => headers[name] ?? [],
});

test('the first that matches decides', () => {
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
    ['/public/{**}', '/public/../admin', false],
    ['/admin', '/public/../admin', true],
  ])('%s for %s: %s', (pattern, path, isMatch) => {
    expect(selectOf({ paths: [pattern] })(path)).toBe(isMatch ? 0 : 'none');
  });

  test('that are unclear are ambiguous where a rule looks at paths, and nothing where none does', () => {
    expect(selectOf({ paths: ['/a'] }, {})('//a')).toBe('ambiguous');
    expect(selectOf({ methods: ['GET'] })('//a')).toBe(0);
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
    ['A.SHOP.example.com:443', 0],
    ['b.shop.example.com', 1],
    ['x.y.shop.example.com', 1],
    ['shop.example.com', 2],
    ['example.com.', 2],
    ['evil-example.com', 'none'],
    ['example.com.evil', 'none'],
    ['[::1]:80', 3],
    ['', 'none'],
  ])('%s', (host, expected) => {
    expect(select('/', { host })).toBe(expected);
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

test('headers, by value and by presence; one that comes twice has no value', () => {
  const select = selectOf({ headers: { 'x-tenant': 'a', 'x-there': true } });
  expect(select('/', withHeaders({ 'x-tenant': ['a'], 'x-there': [''] }))).toBe(0);
  expect(select('/', withHeaders({ 'x-tenant': ['a', 'a'], 'x-there': [''] }))).toBe('none');
  expect(select('/', withHeaders({ 'x-tenant': ['A'], 'x-there': [''] }))).toBe('none');
  expect(select('/', withHeaders({ 'x-tenant': ['a'] }))).toBe('none');
});

test('a pre-flight request is of the rule for the method that it asks for', () => {
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

// So long that what grows with the square of the length would not end within a test.
test('a host of a million dots, and a path of as many segments, are read in one go', () => {
  const select = selectOf({ hosts: ['*.example.com'], paths: ['/{*}/{*}/{**}'] }, {});
  const host = 'a.example.com';
  expect(select('/', { host: `${'a.'.repeat(1_000_000)}example.com` })).toBe(1);
  expect(select('/a'.repeat(1_000_000), { host })).toBe(0);
  expect(select(`${'/a/..'.repeat(400_000)}/a`, { host })).toBe(1);
  expect(select(`/${'%61'.repeat(600_000)}`, { host })).toBe(1);
});
