/** Every problem is told at once, in words that show the value and what to do. */
import { describe, expect, test } from 'vitest';
import { macros } from '../../../src/config/expression/explain-problem.ts';
import { compileExpression } from '../../../src/config/expression/expression.ts';
import { loadConfig } from '../../../src/config/load/load.ts';
import { hostPatternProblem } from '../../../src/config/rules/host-patterns.ts';
import { pathPatternProblem } from '../../../src/config/rules/patterns.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';

async function problemsOf(file: string): Promise<Record<string, string>> {
  try {
    await loadConfig({
      flags: [{ name: '--config', value: 'f.yaml' }],
      environment: {},
      readFile: () => file,
    });
    return {};
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const entries = error.problems.map(({ path, message }) => [path, message] as const);
    // None is told twice.
    expect(new Set(entries.map(([path, message]) => `${path} ${message}`)).size).toBe(entries.length);
    return Object.fromEntries(entries);
  }
}

const good = 'issuers: [{issuer: "https://i.example.com", audiences: [a], name: main}]\n';
const dear = `'claims.groups.exists(g, claims.other.exists(o, o == g))'`;

describe('problems of rules beside others', () => {
  test('a costly expression, rules beside policies, and a wrong port', async () => {
    const problems = await problemsOf(`${good}http: {port: x}
rules: [{name: a, require: {expression: ${dear}}}]
policies: [{name: p, pathPrefix: /p, rules: [{name: b, require: {}}]}]
`);
    expect(Object.keys(problems).toSorted()).toEqual(['http.port', 'rules', 'rules[0].require.expression']);
  });

  test('in one rule, and in others', async () => {
    const problems = await problemsOf(`${good}
rules:
  - {name: a, match: {hosts: [A.example.com]}, require: {expression: ${dear}, issuers: [other]}}
  - {name: b, match: {headers: {x-a: "1"}}, allow: anonymous, deny: true}
  - {name: b, match: {paths: [/b]}, require: {}}
`);
    expect(Object.keys(problems).toSorted()).toEqual([
      'rules[0].match.hosts[0]',
      'rules[0].require.expression',
      'rules[0].require.issuers[0]',
      'rules[1].deny',
      'rules[1].match.headers.x-a',
      'rules[2].name',
    ]);
  });

  test('in policies too', async () => {
    const problems = await problemsOf(`${good}
policies:
  - {name: p, pathPrefix: /p/, rules: [{name: a, require: {expression: ${dear}}}]}
  - {name: q, pathPrefix: /q, rules: [{name: a, require: {expression: "claims.a =="}}, {name: b, requir: {}}]}
grpcPolicy: q
`);
    expect(problems).toMatchObject({
      'policies[0].pathPrefix': expect.stringContaining('expected a path'),
      'policies[1].rules[0].require.expression': expect.stringContaining('ends too early'),
      'policies[1].rules[1].requir': expect.stringContaining('did you mean require?'),
    });
    expect(problems).toHaveProperty(['policies[0].rules[0].require.expression']);
    expect(problems).not.toHaveProperty('grpcPolicy');
  });

  test('and nothing that is only so because of another problem', async () => {
    const problems = await problemsOf(`
issuers: [{issuer: "not a url", audiences: [a], name: main}]
trustedHeaders: [x-a, "b d"]
clientAddress: {trustedProxies: [nowhere]}
hosts: {ports: sometimes}
rules:
  - {name: a, match: {headers: {x-a: "1"}}, require: {issuers: [main], expression: 'request.headers["x-a"] == "1"'}}
  - {name: b, match: {addresses: [10.0.0.0/8], hosts: ["a.example.com:8443"]}, require: }
`);
    expect(Object.keys(problems).toSorted()).toEqual([
      'clientAddress.trustedProxies[0]',
      'hosts.ports',
      'issuers[0].issuer',
      'rules[1].require',
      'trustedHeaders[1]',
    ]);
  });
});

test('`require` without a value says what to write', async () => {
  for (const nothing of ['null', '~', ''])
    expect(await problemsOf(`${good}rules: [{name: a, require: ${nothing}}]`)).toEqual({
      'rules[0].require': expect.stringContaining('write `require: {}`'),
    });
  expect((await problemsOf(`${good}realm: null`)).realm).toContain('give it a value, or leave it out');
});

describe('headers that an expression reads', () => {
  const rule = (expression: string, trusted = '') =>
    `${good}${trusted}rules: [{name: a, require: {expression: '${expression}'}}]`;
  const path = 'rules[0].require.expression';

  test.each([
    ['request.headers["x-a"] == "b"', /never has x-a.*trustedHeaders/],
    ['request.headers.xa == "b"', /never has xa/],
    ['has(request.headers.xa)', /never has xa/],
    ['"x-a" in request.headers', /never has x-a/],
    ['request["headers"]["x-a"] == "b"', /never has x-a/],
    ['claims.list.exists(c, request.headers["x-a"] == c)', /never has x-a/],
    ['request.headers[claims.name] == "b"', /there is none/],
    ['request.headers.exists(h, h == "x")', /there is none/],
    ['size(request.headers) > 0', /there is none/],
  ])('%s: a problem where none is trusted', async (expression, message) => {
    expect((await problemsOf(rule(expression)))[path]).toMatch(message);
  });

  test('and none where they are trusted', async () => {
    const trusted = 'trustedHeaders: [x-a, xa]\n';
    for (const expression of [
      'request.headers["x-a"] == "b"',
      'has(request.headers.xa)',
      'request.headers[claims.name] == "b"',
    ])
      expect(await problemsOf(rule(expression, trusted))).toEqual({});
    expect((await problemsOf(rule('request.headers["X-A"] == "b"', trusted)))[path]).toMatch(
      /write x-a, not X-A/,
    );
    expect(await problemsOf(rule('claims.request.headers == "b" && "request.headers" == claims.x'))).toEqual(
      {},
    );
  });
});

describe('the names of claims', () => {
  test('a list may stand before a value, in YAML and as text, but not twice', async () => {
    const entry = (claims: string) => good.replace('name: main', `requiredClaims: {${claims}}`);
    expect(await problemsOf(entry('[a.b, c]: 1, ["a", "b c"]: 2, a.b.c: 3'))).toEqual({});
    expect(Object.values(await problemsOf(entry(`[a.b, c]: 1, '["a.b","c"]': 2`)))).toEqual([
      expect.stringContaining('stands here twice'),
    ]);
    for (const wrong of ['"[a"', '"[]"', '"[1]"', '[1, 2]', '[[a], b]', '"[\\"\\"]"'])
      expect([wrong, Object.values(await problemsOf(entry(`${wrong}: 1`)))]).toEqual([
        wrong,
        [expect.stringContaining('expected a list of names as JSON')],
      ]);
  });

  test('__proto__, which would be passed over, is told', async () => {
    const file = good.replace('name: main', 'requiredClaims: {__proto__: x}');
    expect(await problemsOf(file)).toEqual({
      'issuers[0].requiredClaims.__proto__': expect.stringContaining('["__proto__"]'),
    });
    expect(await problemsOf(good.replace('name: main', `requiredClaims: {'["__proto__"]': x}`))).toEqual({});
  });
});

test.each([
  ['{header: x-a, claim: a, separator: ""}', 'separator'],
  ['{header: x-a, claim: a, separator: "ä"}', 'separator'],
  ['{header: x-a, claim: a, separator: "\\n"}', 'separator'],
  ['{header: x-a, claim: a, separator: "-", encoding: percent}', 'separator'],
  ['{header: x-a, claim: a, separator: "%", encoding: percent}', 'separator'],
  ['{header: x-a, claim: a, separator: ";", encoding: json}', 'separator'],
  ['{header: x-a, from: claims, separator: ";"}', 'separator'],
  ['{header: x-a, from: claims, encoding: plain}', 'encoding'],
  ['{header: x-a, from: token, encoding: json}', 'encoding'],
  ['{header: x-a, claim: a, encoding: base64}', 'encoding'],
])('%s is refused', async (entry, option) => {
  expect(Object.keys(await problemsOf(`${good}outputClaimToHeaders: [${entry}]`))).toEqual([
    `outputClaimToHeaders[0].${option}`,
  ]);
});

describe('a host shows its part', () => {
  test.each([
    ['https://a.example.com', /^"https:\/\/a\.example\.com": leave out "https:\/\/"/],
    ['a.example.com/x', /leave out "\/x"/],
    ['a.Example.com', /write "a\.example\.com", without capitals in "Example"/],
    ['a.*.example.com', /not in "\*"/],
    ['*example.com', /not in "\*example"/],
    ['*.*.example.com', /only understood as \*\. at the beginning/],
    ['a.example.com:0', /"0" is not a port/],
    ['a.example.com:http', /"http" is not a port/],
    ['a.example.com:70000', /"70000" is not a port/],
    ['a.example.com:', /"" is not a port.*colon/],
    ['a.example.com.', /the dot at the end/],
    ['a..example.com', /two dots/],
    ['a_.-b.example.com', /"-b" begins or ends with a hyphen/],
    ['a!.example.com', /"a!" has "!"/],
    [`${'l'.repeat(64)}.example.com`, /64 characters/],
    [`${'l.'.repeat(130)}com`, /263 characters/],
    ['münchen.example.com', /send it as "xn--mnchen-3ya\.example\.com".*"münchen"/],
    ['127.1', /would be "127\.0\.0\.1"/],
    ['2001:db8::1', /in brackets/],
    ['[2001:DB8::1]', /write "\[2001:db8::1\]"/],
    ['[0:0::1]', /would be "\[::1\]"/],
    ['*.10.0.0.1', /below an address/],
    ['', /expected a host such as/],
  ])('%s', (pattern, message) => {
    expect(hostPatternProblem(pattern)).toMatch(message);
  });
});

test.each([
  ['orders', /^"orders": expected a path that begins with \//],
  ['/a/{**}/b', /^"\/a\/\{\*\*\}\/b": \{\*\*\} stands for the rest/],
  ['/a/b*', /"b\*": \{\*\}/],
  ['/a?b', /"a\?b" has "\?"/],
  ['/a/%2e', /"%2e" has "%"/],
  ['/a/../b', /a path with "\.\."/],
  ['/a//b', /"\/a\/\/b": a path with \/\//],
])('the path %s shows its part', (pattern, message) => {
  expect(pathPatternProblem(pattern)).toMatch(message);
});

describe('expressions', () => {
  test('each macro that is listed can be used', () => {
    expect(Object.keys(macros)).toEqual(['has', 'all', 'exists', 'exists_one', 'filter', 'map']);
    for (const macro of Object.values(macros)) {
      const text = /filter|map/.test(macro) ? `size(${macro}) > 0` : macro;
      expect(compileExpression(text)).toBeTypeOf('function');
    }
  });

  // The words of the library, and those of people who write compilers.
  const foreign =
    /overload|EOF|RBRACKET|RPAREN|\bdyn\b|protobuf|got '|operands|comprehension|Ternary|predicate|Unknown|Invalid|Unexpected|Exceeded/;

  test.each([
    ['claims.a ==', /ends too early/],
    ['claims["a"', /ends too early: \] is missing/],
    ['(claims.a == "b"', /ends too early: \) is missing/],
    ['claims.a = "b"', /write == to compare/],
    ['claims.a == "b" claims.c', /cannot stand here/],
    ['foo == 1', /foo is not known; an expression sees claims, token, request, source/],
    ['request.foo == "a"', /there is no foo here.*request has method/],
    ['token.sub == "a"', /there is no sub here; token has issuer/],
    ['1 == "a"', /== does not go with a whole number and a text/],
    ['"a" + 1 == "b"', /\+ does not go with a text and a whole number/],
    ['!"a"', /! does not go with a text/],
    ['claims.a in "abc"', /in does not go with a value of the token and a text/],
    ['json(claims.a)', /json\(\) is not one of the functions/],
    ['claims.a.foo()', /foo\(\) is not one of the functions/],
    ['request.path.startsWith(1)', /startsWith\(\) of a text does not take a whole number/],
    ['size()', /size\(\) needs a value/],
    ['true && 1', /need true or false on both sides, not a whole number/],
    ['claims.a ? 1 : "b"', /both values of a choice/],
    ['1 ? true : false', /expected true or false here, not a whole number/],
    ['[1, "a"] == claims.b', /all members of a list must be of one kind/],
    ['request.headers.x.y == 1', /a text has no members/],
    ['token.scopes["a"] == "b"', /cannot name a member/],
    ['"abc".exists(x, x == "a")', /only a list or names with values can be gone through, not a text/],
    ['has(claims)', /has\(\) asks for a member, as in has\(claims\.email\)/],
    ['claims.a.exists(a.b, true)', /exists\(\) begins with a name for each member/],
    ["claims.a == 'x", /the quote that ends this text is missing/],
    ['claims.a == "x\ny"', /ends on the line/],
    ['claims.a == "\\q"', /\\q means nothing in a text/],
    ['1 in [“a”]', /"“" cannot stand here/],
    ['claims.a == 0x', /is not a number/],
    [
      '{"a": 1, "b": "x"} == claims.b',
      /all values of a map must be of one kind, not a whole number and a text/,
    ],
    ['{"a": 1, 2: 2} == claims.b', /all names of a map must be of one kind/],
    ['for == 1', /for is a word that cannot be a name/],
    [`[${'1,'.repeat(200)}1] == claims.a`, /more than 100 members in a list/],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, /more than 24 levels/],
    ['"text"', /not a text/],
    ['[1]', /not a list/],
  ])('%s', (text, message) => {
    try {
      compileExpression(text);
    } catch (error) {
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message.split('\n')[0]).not.toMatch(foreign);
      return;
    }
    throw new Error('it was accepted');
  });

  test('whatever is wrong, no word of the library is told', () => {
    const pieces = [
      'claims',
      '.a',
      '["b"]',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '==',
      '&&',
      '"x"',
      '1',
      'true',
      ',',
      '?',
      ':',
      '!',
      '-',
      'in',
      '.size()',
      'has(',
      'request',
      'token',
      '.map(x, ',
      '\\',
      '@',
      '1.',
      "'",
      '0x',
      'b"a"',
      'timestamp(',
      '.?',
    ];
    let seed = 7;
    const pick = (count: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % count;
    };
    let refused = 0;
    for (let round = 0; round < 3_000; round++) {
      const text = Array.from({ length: 1 + pick(8) }, () => pieces[pick(pieces.length)]).join(
        pick(2) === 0 ? '' : ' ',
      );
      try {
        compileExpression(text);
      } catch (error) {
        refused++;
        const words = (error as Error).message.split('\n')[0] ?? '';
        expect([text, words]).toEqual([text, expect.not.stringMatching(foreign)]);
        expect([text, words]).toEqual([text, expect.not.stringContaining('cannot be understood')]);
      }
    }
    expect(refused).toBeGreaterThan(2_000);
  });
});
