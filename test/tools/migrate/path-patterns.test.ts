/** Path expressions as patterns: patterns within open no further path, patterns around leave none open. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathPatternProblem } from '../../../src/config/rules/patterns.ts';
import { readExpression } from '../../../src/tools/migrate/path-expression.ts';
import { patternsAround, patternsWithin } from '../../../src/tools/migrate/path-patterns.ts';
import { asJavaScript, expressions, matches, paths } from './expressions.ts';

const within = (expression: string) => patternsWithin(readExpression(expression));
const around = (expression: string) => patternsAround(readExpression(expression));

const exact = true;
const narrower = false;

describe('patterns within', () => {
  test.each<[string, readonly string[], boolean]>([
    // Anchored at both ends.
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
    // All paths.
    ['.*', ['/{**}'], exact],
    ['/', ['/{**}'], exact],
    ['^/', ['/{**}'], exact],
    ['', ['/{**}'], exact],
    ['^/a|.*', ['/{**}'], exact],
    // Open at the beginning: the path begins with it.
    ['/healthz$', ['/healthz'], narrower],
    ['healthz', ['/healthz', '/healthz/{**}'], narrower],
    // Expressions that match no path.
    ['^healthz$', [], exact],
    ['^/a//b$', [], exact],
    // Expressions that patterns cannot express.
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
    expect(within(expression)).toEqual({ patterns: patterns.toSorted(), isExact });
  });

  test('returns no patterns for too many alternatives', () => {
    expect(within(`^/${'(a|b)'.repeat(12)}$`)).toEqual({ patterns: [], isExact: false });
    expect(within(`^/${'('.repeat(99)}a${')'.repeat(99)}$`)).toEqual({
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
    // Only the pattern for all paths is around these: `/administrator` is one of the first.
    ['^/admin', undefined],
    ['admin', undefined],
    ['/admin/', undefined],
    ['.*', undefined],
    ['(?i)^/admin/', undefined],
    ['\\badmin', undefined],
  ])('%s', (expression, patterns, isExact) => {
    expect(around(expression)).toEqual(patterns && { patterns: patterns.toSorted(), isExact });
  });
});

describe('for any expression', () => {
  test('within is contained in it, around contains it, and exact patterns are equal to it', () => {
    fc.assert(
      fc.property(expressions, fc.array(paths, { minLength: 1, maxLength: 12 }), (expression, some) => {
        const javascript = asJavaScript(expression);
        fc.pre(javascript !== undefined);
        const [inside, outside] = [within(expression), around(expression)];
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
});
