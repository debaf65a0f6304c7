/** Expressions of rules: their results, errors at load, and limits. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createContextOf } from '../../../src/check/rules/expression-context.ts';
import { compileExpression } from '../../../src/config/expression/expression.ts';
import type { Identity } from '../../../src/model/identity.ts';
import { createTestClock } from '../../support/clock.ts';
import { checkRequest } from '../../support/requests.ts';

const claims = {
  sub: 'alice',
  level: 5,
  ratio: 1.5,
  roles: ['a', 'b'],
  address: { country: 'DE' },
  admin: true,
  tags: [],
};
const contextOf = createContextOf(['x-tenant'], createTestClock());

function contextFor(target = '/users/alice/items?q=1&twice=a&twice=b', own: object = claims) {
  const identity = {
    issuer: 'https://i',
    audiences: ['orders'],
    scopes: ['read', 'write'],
    expiresAt: 1_900_000_000.5,
    text: JSON.stringify(own),
    form: 'json',
  } as unknown as Identity;
  const header = (name: string) => ({ 'x-tenant': ['t1'], 'x-other': ['x'] })[name] ?? [];
  return contextOf(
    identity,
    checkRequest({
      method: 'GET',
      host: 'Orders.example.com:443',
      path: target,
      header,
      source: { address: '10.0.0.1', principal: 'spiffe://gw' },
    }),
  );
}

describe('an expression', () => {
  test.each([
    ['claims.sub == request.path.split("/")[2]', true],
    ['claims.sub == request.segments[1]', true],
    ['claims.level >= 5 && claims.ratio < 2.0', true],
    ['"b" in claims.roles', true],
    ['claims.roles.exists(role, role.startsWith("a"))', true],
    ['claims.address.country in ["DE", "FR"]', true],
    ['has(claims.department) && claims.department == "sales"', false],
    ['!has(claims.department) || claims.department == "sales"', true],
    ['claims.admin', true],
    [
      'token.issuer == "https://i" && "orders" in token.audiences && token.scopes.exists(scope, scope == "write")',
      true,
    ],
    ['token.expiry > 1800000000', true],
    ['request.method == "GET" && request.host == "orders.example.com"', true],
    ['request.query["q"] == "1"', true],
    ['"none" in request.query', false],
    ['request.headers["x-tenant"] == "t1"', true],
    ['"x-other" in request.headers', false],
    ['request.time < timestamp("2100-01-01T00:00:00Z")', true],
    ['size(claims.tags) == 0', true],
    ['source.principal == "spiffe://gw" && source.address.startsWith("10.")', true],
  ])('%s: %s', (text, expected) => {
    expect(compileExpression(text)(contextFor())).toBe(expected);
  });

  test.each([
    'claims.department == "sales"',
    'claims.sub > 5',
    'claims.sub',
    'claims.roles[7] == "x"',
    'request.query["none"] == "x"',
    '"twice" in request.query',
    'request.query["twice"] == "a"',
    'request.query.twice == "b"',
    '!has(request.query.twice)',
    '!has(request.query.twice) || request.query.twice == "a"',
    'claims.__proto__ == claims.constructor',
  ])('that fails throws: %s', (text) => {
    expect(() => compileExpression(text)(contextFor())).toThrow();
  });

  test('reads a trusted header with one line; an absent header has no value; two lines make it fail', () => {
    const text = '"x-tenant" in request.headers';
    const seen = (lines: readonly string[]) => {
      const identity = { text: '{}', form: 'json', expiresAt: 1 } as unknown as Identity;
      return compileExpression(text)(contextOf(identity, checkRequest({ header: () => lines })));
    };
    expect([seen(['a']), seen(['']), seen([])]).toEqual([true, true, false]);
    for (const lines of [
      ['a', 'b'],
      ['a', 'a'],
    ])
      expect(() => seen(lines)).toThrow('more than once');
  });

  test('never reads a prototype, with any claim names', () => {
    const own = JSON.parse('{"__proto__": {"admin": true}, "constructor": "x"}');
    expect(() => compileExpression('claims.admin')(contextFor('/', own))).toThrow();
  });
});

describe('an invalid expression is rejected at load, with its position', () => {
  test.each([
    ['1 +', /ends too early[\s\S]*\^/],
    ['claims.sub = "x"', /\^/],
    ['nobody == 1', /unknown variable nobody[\s\S]*\^/],
    ['request.nothing == "x"', /nothing[\s\S]*\^/],
    ['request.method == 5', /a string and a whole number[\s\S]*\^/],
    ['"text"', /true or false/],
    ['1 + 2', /true or false/],
    ['claims.sub.matches("(a+)+$")', /regular expression/],
    ['claims.a.all(x, claims.b.exists(y, x == y))', /a list in a list/],
    [`claims.a${'.map(x, x + x)'.repeat(7)} == []`, /at most 6/],
    [Array.from({ length: 120 }, (_, index) => `claims.a == "${index}"`).join(' || '), /./],
    [`${'('.repeat(100)}true${')'.repeat(100)}`, /./],
  ])('%s', (text, message) => {
    expect(() => compileExpression(text)).toThrow(message);
  });
});

test('every compiled expression is evaluated within the limits, with any claims', () => {
  const leaf = fc.constantFrom(
    'claims.a',
    'claims.b',
    'claims.list',
    '"x"',
    '1',
    'true',
    'token.scopes',
    'request.path',
    'request.segments',
    'size(claims.list)',
    'has(claims.a)',
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc
        .tuple(tie('expression'), fc.constantFrom('==', '!=', '&&', '||', '+', '<', 'in'), tie('expression'))
        .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      fc
        .tuple(tie('expression'), fc.constantFrom('all', 'exists', 'map', 'filter'), tie('expression'))
        .map(([list, macro, body]) => `${list}.${macro}(x, ${body})`),
      fc
        .tuple(
          tie('expression'),
          fc.constantFrom('contains("x")', 'split("/")', 'matches("(x+)+y")', 'startsWith("x")'),
        )
        .map(([text, call]) => `${text}.${call}`),
    ),
  }));
  const own = {
    a: 'x'.repeat(8_000),
    b: 'y',
    list: Array.from({ length: 1_500 }, (_, index) => `m${index}`),
  };
  let evaluated = 0;
  fc.assert(
    fc.property(expression, (text) => {
      let compiled: ReturnType<typeof compileExpression>;
      try {
        compiled = compileExpression(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return;
      }
      try {
        expect(typeof compiled(contextFor('/a/b', own))).toBe('boolean');
        evaluated++;
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(evaluated).toBeGreaterThan(20);
});

// So long that a quadratic algorithm would exceed the test timeout.
test('a query of 500,000 parameters is read in linear time', () => {
  const context = contextFor(
    `/?${Array.from({ length: 500_000 }, (_, index) => `p${index}=1`).join('&')}&p1=2`,
  );
  expect([Object.keys(context.request.query).length, context.request.query.p2]).toEqual([500_000, '1']);
  expect(() => context.request.query.p1).toThrow('p1 comes more than once');
});
