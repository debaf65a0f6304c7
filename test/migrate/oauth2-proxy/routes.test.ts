/** Regular expressions of paths as patterns: what lies within opens no more, what lies around guards no less. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathPatternProblem } from '../../../src/config/patterns.ts';
import { patternsAround, patternsWithin } from '../../../src/migrate/oauth2-proxy/routes.ts';

const exact = true;
const narrower = false;

describe('patterns within', () => {
  test.each<[string, readonly string[], boolean]>([
    // Tied to both ends.
    ['^/healthz$', ['/healthz'], exact],
    ['^/robots\\.txt$', ['/robots.txt'], exact],
    ['^/robots.txt$', ['/robots.txt'], narrower],
    ['^/(a|b)$', ['/a', '/b'], exact],
    ['^/(?:a|b/c)/?$', ['/a', '/a/', '/b/c', '/b/c/'], exact],
    ['^/v[12]/open$', ['/v1/open', '/v2/open'], exact],
    ['^/users/[^/]+$', ['/users/{*}'], exact],
    ['^/users/[^/?#]+/photo$', ['/users/{*}/photo'], exact],
    ['^/a/[^/]*$', ['/a/{*}', '/a/'], exact],
    ['\\A/x\\z', ['/x'], exact],
    ['^(/a|/b)$', ['/a', '/b'], exact],
    ['^/a$|^/b$', ['/a', '/b'], exact],
    // Open at the end.
    ['^/public/', ['/public/{**}'], exact],
    ['^/public/.*$', ['/public/{**}'], exact],
    ['^/public/.+', ['/public/{*}', '/public/{*}/{**}'], exact],
    ['^/users/[^/]+', ['/users/{*}', '/users/{*}/{**}'], exact],
    ['^/public(/.*)?$', ['/public/{**}', '/public'], exact],
    ['^/public(/|$)', ['/public/{**}', '/public'], exact],
    ['^/healthz', ['/healthz', '/healthz/{**}'], narrower],
    ['^/healthz.*', ['/healthz', '/healthz/{**}'], narrower],
    ['^/healthz.+', ['/healthz/{**}'], narrower],
    // Everything.
    ['.*', ['/{**}'], exact],
    ['/', ['/{**}'], exact],
    ['^/', ['/{**}'], exact],
    ['', ['/{**}'], exact],
    ['^/a|.*', ['/{**}'], exact],
    // Open at the beginning: only where the path begins with it.
    ['/healthz$', ['/healthz'], narrower],
    ['healthz', ['/healthz', '/healthz/{**}'], narrower],
    // What matches no path at all.
    ['^healthz$', [], exact],
    ['^/a//b$', [], exact],
    // What patterns cannot say.
    ['\\.css$', ['/.css'], narrower],
    ['^/static/.*\\.css$', [], narrower],
    ['^/v\\d+/open$', [], narrower],
    ['^/[a-z]+$', [], narrower],
    ['^/a/.*/b$', ['/a/{*}/b'], narrower],
    ['(?i)^/Open$', ['/Open'], narrower],
    ['^/a b$', [], narrower],
    ['^/a;b$', [], narrower],
    ['^/{x}$', [], narrower],
    ['^/(a|\\d)$', ['/a'], narrower],
    ['\\bfoo\\b', [], narrower],
    ['^/a(?i)b$', [], narrower],
    ['x^/a', [], narrower],
    ['^/a$b', [], narrower],
    ['^/a**$', [], narrower],
    ['^/(', [], narrower],
  ])('%s', (expression, patterns, isExact) => {
    expect(patternsWithin(expression)).toEqual({ patterns: patterns.toSorted(), isExact });
  });

  test('of too many alternatives are none', () => {
    expect(patternsWithin(`^/${'(a|b)'.repeat(12)}$`)).toEqual({ patterns: [], isExact: false });
    expect(patternsWithin(`^/${'('.repeat(99)}a${')'.repeat(99)}$`)).toEqual({
      patterns: [],
      isExact: false,
    });
  });
});

describe('patterns around', () => {
  test.each<[string, readonly string[] | undefined, boolean?]>([
    ['^/admin/', ['/admin/{**}'], exact],
    ['^/admin(/|$)', ['/admin/{**}', '/admin'], exact],
    ['^/v\\d+/secret$', ['/{*}/secret'], false],
    ['^/a/[a-z]*$', ['/a/{*}', '/a/'], false],
    ['^/a/b.*c$', ['/a/{**}'], false],
    ['^/a b/c$', ['/{*}/c'], false],
    // Of these nothing but all paths lies around: `/administrator` is one of the first.
    ['^/admin', undefined],
    ['admin', undefined],
    ['/admin/', undefined],
    ['.*', undefined],
    ['(?i)^/admin/', undefined],
    ['\\badmin', undefined],
  ])('%s', (expression, patterns, isExact) => {
    expect(patternsAround(expression)).toEqual(patterns && { patterns: patterns.toSorted(), isExact });
  });
});

describe('whatever the expression', () => {
  const pieces = fc.constantFrom(
    ...[
      '^',
      '$',
      '/',
      'a',
      'b',
      '.',
      '\\.',
      '.*',
      '.+',
      '.?',
      '[^/]',
      '[^/]+',
      '[^/]*',
      '[ab]',
      '[a-b]+',
      '[^a]',
    ],
    ...[
      '\\w',
      '\\W*',
      '\\d+',
      '(a|/b)',
      '(/a)?',
      '(a|)+',
      '(/[^/]+)*',
      '(?:b|/)',
      '|',
      '/?',
      '/+',
      'a{2}',
      '[]/]',
    ],
  );
  const expressions = fc.array(pieces, { maxLength: 7 }).map((parts) => parts.join(''));
  const segments = fc.constantFrom('a', 'b', 'aa', 'ab', 'ba', 'a.b', 'é', '100%', 'a b', 'A');
  const paths = fc
    .tuple(fc.array(segments, { maxLength: 4 }), fc.boolean())
    .map(([parts, isOpen]) => `/${parts.join('/')}${isOpen && parts.length > 0 ? '/' : ''}`);
  const matches = (patterns: readonly string[], path: string) =>
    patterns.some((one) => asRegExp(one).test(path));

  test('within is part of it, around has all of it, and exact is both', () => {
    fc.assert(
      fc.property(expressions, fc.array(paths, { minLength: 1, maxLength: 12 }), (expression, some) => {
        const javascript = asJavaScript(expression);
        fc.pre(javascript !== undefined);
        const [inside, outside] = [patternsWithin(expression), patternsAround(expression)];
        expect([...inside.patterns, ...(outside?.patterns ?? [])].filter(pathPatternProblem)).toEqual([]);
        for (const path of some) {
          const isMeant = javascript.test(path);
          if (matches(inside.patterns, path)) expect([path, isMeant]).toEqual([path, true]);
          if (isMeant && outside !== undefined)
            expect([path, matches(outside.patterns, path)]).toEqual([path, true]);
          if (isMeant && inside.isExact) expect([path, matches(inside.patterns, path)]).toEqual([path, true]);
          if (!isMeant && outside?.isExact)
            expect([path, matches(outside.patterns, path)]).toEqual([path, false]);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  /** The same in JavaScript, where `[]/]` would be another set. */
  function asJavaScript(expression: string): RegExp | undefined {
    try {
      return new RegExp(expression.replaceAll('[]/]', '[\\]/]'), 's');
    } catch {
      return undefined;
    }
  }

  /** A pattern as an expression of its own. */
  function asRegExp(pattern: string): RegExp {
    const parts = pattern
      .slice(1)
      .split('/')
      .map((part) => (part === '{*}' ? '[^/]+' : part === '{**}' ? '.*' : part.replaceAll(/[^\w]/g, '\\$&')));
    return new RegExp(`^/${parts.join('/')}$`);
  }
});
