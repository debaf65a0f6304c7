/** Expressions of paths as patterns: exactly where that can be, else within and around. */
import { describe, expect, test } from 'vitest';
import { commonPaths, isNarrower, readPath } from '../../../src/migrate/apirule/paths.ts';

describe('exactly', () => {
  test.each([
    ['/.*', ['/*']],
    ['.*', ['/*']],
    ['/', ['/']],
    ['/orders', ['/orders']],
    ['^/orders/$', ['/orders/']],
    ['/orders/?', ['/orders/', '/orders']],
    ['/orders/*', ['/orders/', '/orders']],
    ['/orders/.*', ['/orders/{**}']],
    ['/orders/(.*)', ['/orders/{**}']],
    ['/orders/.+', ['/orders/{*}', '/orders/{*}/{**}']],
    ['/orders(/.*)?', ['/orders/{**}', '/orders']],
    ['/orders/[^/]+', ['/orders/{*}']],
    ['/orders/[^/?]*', ['/orders/', '/orders/{*}']],
    ['/(a|b)/.*', ['/a/{**}', '/b/{**}']],
    ['/a/(?:b|c)', ['/a/b', '/a/c']],
    ['/v1\\.0/x', ['/v1.0/x']],
    ['/a[.]b', ['/a.b']],
  ])('%s', (path, patterns) => {
    expect(readPath(path, false)).toMatchObject({ within: patterns, around: patterns, isExact: true });
  });
});

describe('within and around', () => {
  test.each([
    ['/*', ['/'], ['/*']],
    ['/orders.*', ['/orders', '/orders/{**}'], ['/{*}', '/{*}/{**}']],
    ['/orders/[0-9]+', [], ['/orders/{*}']],
    ['/orders/[^/]{3}', [], ['/orders/{*}']],
    ['/orders/\\d+/items', [], ['/orders/{*}/items']],
    ['/api/v[12]/.*', [], ['/api/{*}/{**}']],
    ['/a/.*/b', ['/a/{*}/b'], ['/a/{**}']],
    ['/v1.0/x', ['/v1.0/x'], ['/*']],
    ['/a/.{3}', [], ['/a/{**}']],
    ['/a/\\S+', [], ['/a/{**}']],
    ['/(?!x).*', [], ['/*']],
    ['/a/(x)+', [], ['/a/{**}']],
    ['/a|/b/(c)+', [], ['/*']],
    ['/a/%20b', [], ['/a/{**}']],
    ['/a//b', [], ['/a/{**}']],
    // What looks like an operator is no more than its characters.
    ['/\\*', [], ['/{*}']],
    ['/\\{\\*\\}', [], ['/{*}']],
    ['/\\{\\*\\*\\}.*', [], ['/{*}', '/{*}/{**}']],
    ['orders', [], ['/*']],
  ])('%s', (path, within, around) => {
    expect(readPath(path, false)).toMatchObject({ within, around, isExact: false });
  });
});

test("Istio's policies read a path as it is written, and /* as everything", () => {
  expect(readPath('/v1.0/x', true)).toMatchObject({ within: ['/v1.0/x'], isExact: true });
  expect(readPath('/*', true)).toMatchObject({ within: ['/*'], isExact: true });
});

test.each([
  ['/a/{*}', '/{*}/b', '/a/b'],
  ['/a/{**}', '/{*}/{*}', '/a/{*}'],
  ['/a/{**}', '/a/', '/a/'],
  ['/a/{**}', '/a', undefined],
  ['/a/{*}', '/a/', undefined],
  ['/*', '/*', '/*'],
  ['/a', '/b', undefined],
])('%s and %s have %s in common', (one, other, common) => {
  expect([commonPaths(one, other), commonPaths(other, one)]).toEqual([common, common]);
});

test('what is narrower lies within, and is not the same', () => {
  expect(isNarrower('/a/{*}', '/a/{**}')).toBe(true);
  expect(isNarrower('/a/', '/a/{*}')).toBe(false);
  expect(isNarrower('/*', '/*')).toBe(false);
});
