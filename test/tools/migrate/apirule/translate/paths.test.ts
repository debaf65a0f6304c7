/** Path expressions as patterns: exact if possible, or within and around. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathPatternProblem } from '../../../../../src/config/rules/patterns.ts';
import {
  commonPaths,
  isNarrower,
  readPath,
} from '../../../../../src/tools/migrate/apirule/translate/paths.ts';
import { asJavaScript, expressions, matches, paths } from '../../expressions.ts';

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
    ['/api/v[12]/.*', ['/api/v1/{**}', '/api/v2/{**}']],
    ['.+', ['/*']],
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
    ['/api/v[12].*', ['/api/v1', '/api/v1/{**}', '/api/v2', '/api/v2/{**}'], ['/api/{*}', '/api/{*}/{**}']],
    ['/a/.*/b', ['/a/{*}/b'], ['/a/{**}']],
    ['/v1.0/x', ['/v1.0/x'], ['/*']],
    ['/a/.{3}', [], ['/a/{**}']],
    ['/a/\\S+', [], ['/a/{**}']],
    ['/(?!x).*', [], ['/*']],
    ['/a/(x)+', [], ['/a/', '/a/{*}']],
    ['/a|/b/(c)+', ['/a'], ['/a', '/b/', '/b/{*}']],
    ['/a/(?!b)c', [], ['/a/{**}']],
    ['(?i)/a', [], ['/*']],
    ['.*/healthz', ['/healthz', '/{*}/healthz'], ['/*']],
    // A segment that v2 cannot express becomes any segment.
    ['/a/%20b', [], ['/a/{*}']],
    ['/é/b', [], ['/{*}/b']],
    // A path with two consecutive slashes stays guarded.
    ['/a/[^/]*/b', ['/a/{*}/b'], ['/a/{**}']],
    ['/a/(b/)?/c', [], ['/a/{**}']],
    ['/a//b', [], ['/a/{**}']],
    // Characters that look like operators are literal.
    ['/\\*', [], ['/{*}']],
    ['/\\{\\*\\}', [], ['/{*}']],
    ['/\\{\\*\\*\\}.*', [], ['/{*}', '/{*}/{**}']],
    ['orders', [], ['/*']],
  ])('%s', (path, within, around) => {
    expect(readPath(path, false)).toMatchObject({ within, around, isExact: false });
  });
});

test.each([
  ['/orders.*', 'within'],
  ['/api/v1.0/orders', 'within'],
  ['/v1.0/.*/items', 'within'],
  ['/orders/[0-9]+', 'around'],
  ['/a/.*/b', 'around'],
  ['/img_[^/]*', 'around'],
  ['/orders.*/x', 'around'],
  ['.*/healthz', 'around'],
  ['/orders.*|/[0-9]+', 'around'],
])('for %s the probable meaning is %s', (path, meant) => {
  expect(readPath(path, false)).toMatchObject({ isExact: false, meant });
});

test('for any expression, within is contained in it, around contains it, exact is equal, and v2 accepts both', () => {
  fc.assert(
    fc.property(expressions, fc.array(paths, { minLength: 1, maxLength: 12 }), (expression, some) => {
      const isValid = asJavaScript(expression) !== undefined;
      const javascript = isValid ? asJavaScript(`^(?:${expression})$`) : undefined;
      fc.pre(javascript !== undefined);
      const { within, around, isExact } = readPath(expression, false);
      const written = [...within, ...around];
      expect(written.filter((one) => pathPatternProblem(one) !== undefined || /[^!-~]/.test(one))).toEqual(
        [],
      );
      expect(isExact ? [within.length > 0, within] : [false, around]).toEqual([isExact, around]);
      for (const path of some) {
        const isMeant = javascript.test(path);
        if (matches(within, path)) expect([path, isMeant]).toEqual([path, true]);
        if (isMeant) expect([path, matches(around, path)]).toEqual([path, true]);
      }
    }),
    { numRuns: 10_000 },
  );
});

test("Istio's policies compare a path literally, and treat /* as all paths", () => {
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

test('a narrower pattern is contained in the other and differs from it', () => {
  expect(isNarrower('/a/{*}', '/a/{**}')).toBe(true);
  expect(isNarrower('/a/', '/a/{*}')).toBe(false);
  expect(isNarrower('/*', '/*')).toBe(false);
});
