/** One run reports every problem, and each message shows the value and the fix. */
import { describe, expect, test } from 'vitest';
import { macros } from '../../../src/config/expression/explain-error.ts';
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
    // No problem is reported twice.
    expect(new Set(entries.map(([path, message]) => `${path} ${message}`)).size).toBe(entries.length);
    return Object.fromEntries(entries);
  }
}

const good = 'issuers: [{issuer: "https://i.example.com", audiences: [a], name: main}]\n';
const expensive = `'claims.groups.exists(g, claims.other.exists(o, o == g))'`;

describe('problems of rules together with other problems are reported', () => {
  test('an expensive expression, rules next to policies, and an invalid port', async () => {
    const problems = await problemsOf(`${good}http: {port: x}
rules: [{name: a, require: {expression: ${expensive}}}]
policies: [{name: p, pathPrefix: /p, rules: [{name: b, require: {}}]}]
`);
    expect(Object.keys(problems).toSorted()).toEqual(['http.port', 'rules', 'rules[0].require.expression']);
  });

  test('several in one rule, and some in others', async () => {
    const problems = await problemsOf(`${good}
rules:
  - {name: a, match: {hosts: [A.example.com]}, require: {expression: ${expensive}, issuers: [other]}}
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

  test('in policies', async () => {
    const problems = await problemsOf(`${good}
policies:
  - {name: p, pathPrefix: /p/, rules: [{name: a, require: {expression: ${expensive}}}]}
  - {name: q, pathPrefix: /q, rules: [{name: a, require: {expression: "claims.a =="}}, {name: b, requir: {}}]}
grpcPolicy: q
`);
    expect(problems).toMatchObject({
      'policies[0].pathPrefix': expect.stringContaining('must be a path'),
      'policies[1].rules[0].require.expression': expect.stringContaining('ends too early'),
      'policies[1].rules[1].requir': expect.stringContaining('did you mean require?'),
    });
    expect(problems).toHaveProperty(['policies[0].rules[0].require.expression']);
    expect(problems).not.toHaveProperty('grpcPolicy');
  });

  test('without problems that only another problem causes', async () => {
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

test('reports the fix for `require` without a value', async () => {
  for (const nothing of ['null', '~', ''])
    expect(await problemsOf(`${good}rules: [{name: a, require: ${nothing}}]`)).toEqual({
      'rules[0].require': expect.stringContaining('write `require: {}`'),
    });
  expect((await problemsOf(`${good}realm: null`)).realm).toContain('set a value, or remove the option');
});

describe('headers that an expression reads', () => {
  const rule = (expression: string, trusted = '') =>
    `${good}${trusted}rules: [{name: a, require: {expression: '${expression}'}}]`;
  const path = 'rules[0].require.expression';

  test.each([
    ['request.headers["x-a"] == "b"', /does not contain x-a.*trustedHeaders/],
    ['request.headers.xa == "b"', /does not contain xa/],
    ['has(request.headers.xa)', /does not contain xa/],
    ['"x-a" in request.headers', /does not contain x-a/],
    ['request["headers"]["x-a"] == "b"', /does not contain x-a/],
    ['claims.list.exists(c, request.headers["x-a"] == c)', /does not contain x-a/],
    ['request.headers[claims.name] == "b"', /trustedHeaders, which is empty/],
    ['request.headers.exists(h, h == "x")', /trustedHeaders, which is empty/],
    ['size(request.headers) > 0', /trustedHeaders, which is empty/],
  ])('%s is a problem if the header is not trusted', async (expression, message) => {
    expect((await problemsOf(rule(expression)))[path]).toMatch(message);
  });

  test('are accepted if they are trusted', async () => {
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
  test('accepts a list as a mapping name, in YAML and as text, but not twice', async () => {
    const entry = (claims: string) => good.replace('name: main', `requiredClaims: {${claims}}`);
    expect(await problemsOf(entry('[a.b, c]: 1, ["a", "b c"]: 2, a.b.c: 3'))).toEqual({});
    expect(Object.values(await problemsOf(entry(`[a.b, c]: 1, '["a.b","c"]': 2`)))).toEqual([
      expect.stringContaining('duplicate name'),
    ]);
    for (const wrong of ['"[a"', '"[]"', '"[1]"', '[1, 2]', '[[a], b]', '"[\\"\\"]"'])
      expect([wrong, Object.values(await problemsOf(entry(`${wrong}: 1`)))]).toEqual([
        wrong,
        [expect.stringContaining('must be a JSON list of names')],
      ]);
  });

  test('reports __proto__, which the schema would ignore', async () => {
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
])('rejects the header %s', async (entry, option) => {
  expect(Object.keys(await problemsOf(`${good}outputClaimToHeaders: [${entry}]`))).toEqual([
    `outputClaimToHeaders[0].${option}`,
  ]);
});

describe('the problem of an invalid host shows the invalid part', () => {
  test.each([
    ['https://a.example.com', /^"https:\/\/a\.example\.com": must not have a scheme; remove "https:\/\/"/],
    ['a.example.com/x', /must not have a path; remove "\/x"/],
    ['a.Example.com', /"Example" has capitals; write "a\.example\.com"/],
    ['a.*.example.com', /not in "\*"/],
    ['*example.com', /not in "\*example"/],
    ['*.*.example.com', /only allowed as \*\. at the beginning/],
    ['a.example.com:0', /port must be from 1 to 65535, got "0"/],
    ['a.example.com:http', /port must be from 1 to 65535, got "http"/],
    ['a.example.com:70000', /port must be from 1 to 65535, got "70000"/],
    ['a.example.com:', /got "".*remove the colon/],
    ['a.example.com.', /remove the dot/],
    ['a..example.com', /two dots/],
    ['a_.-b.example.com', /"-b" must not begin or end with a hyphen/],
    ['a!.example.com', /"a!" has "!"/],
    [`${'l'.repeat(64)}.example.com`, /at most 63 characters, got 64/],
    [`${'l.'.repeat(130)}com`, /at most 253 characters, got 263/],
    ['münchen.example.com', /"münchen" is not ASCII; write "xn--mnchen-3ya\.example\.com"/],
    ['127.1', /write "127\.0\.0\.1"/],
    ['2001:db8::1', /needs brackets/],
    ['[2001:DB8::1]', /write "\[2001:db8::1\]"/],
    ['[0:0::1]', /write "\[::1\]"/],
    ['*.10.0.0.1', /an IP address has no subdomains/],
    ['', /must be a host .*such as/],
  ])('%s', (pattern, message) => {
    expect(hostPatternProblem(pattern)).toMatch(message);
  });
});

test.each([
  ['orders', /^"orders": must begin with \//],
  ['/a/{**}/b', /^"\/a\/\{\*\*\}\/b": \{\*\*\} matches all remaining segments/],
  ['/a/b*', /"b\*": \{\*\}/],
  ['/a?b', /"a\?b" must not have "\?"/],
  ['/a/%2e', /"%2e" must not have "%"/],
  ['/a/../b', /must not have the segment "\.\."/],
  ['/a//b', /"\/a\/\/b": must not have \/\//],
])('the problem of the path %s shows the invalid part', (pattern, message) => {
  expect(pathPatternProblem(pattern)).toMatch(message);
});

describe('expressions', () => {
  test('every listed macro compiles', () => {
    expect(Object.keys(macros)).toEqual(['has', 'all', 'exists', 'exists_one', 'filter', 'map']);
    for (const macro of Object.values(macros)) {
      const text = /filter|map/.test(macro) ? `size(${macro}) > 0` : macro;
      expect(compileExpression(text)).toBeTypeOf('function');
    }
  });

  // Words of the library and of compilers.
  const foreign =
    /overload|EOF|RBRACKET|RPAREN|\bdyn\b|protobuf|got '|operands|comprehension|Ternary|predicate|Unknown|Invalid|Unexpected|Exceeded/;

  test.each([
    ['claims.a ==', /ends too early/],
    ['claims["a"', /ends too early: \] is missing/],
    ['(claims.a == "b"', /ends too early: \) is missing/],
    ['claims.a = "b"', /write == to compare/],
    ['claims.a == "b" claims.c', /is not allowed here/],
    ['foo == 1', /unknown variable foo; the variables are claims, token, request, source/],
    ['request.foo == "a"', /unknown member foo;.*request has method/],
    ['token.sub == "a"', /unknown member sub; token has issuer/],
    ['1 == "a"', /== cannot combine a whole number and a string/],
    ['"a" + 1 == "b"', /\+ cannot combine a string and a whole number/],
    ['!"a"', /! cannot be used with a string/],
    ['claims.a in "abc"', /in cannot combine a value of unknown type and a string/],
    ['json(claims.a)', /unknown function json\(\)/],
    ['claims.a.foo()', /unknown function foo\(\)/],
    ['request.path.startsWith(1)', /startsWith\(\) of a string does not accept a whole number/],
    ['size()', /size\(\) needs an argument/],
    ['true && 1', /need true or false on both sides, got a whole number/],
    ['claims.a ? 1 : "b"', /both results of \? :/],
    ['1 ? true : false', /must be true or false, got a whole number/],
    ['[1, "a"] == claims.b', /all members of a list must have the same type/],
    ['request.headers.x.y == 1', /a string has no members/],
    ['token.scopes["a"] == "b"', /invalid index/],
    ['"abc".exists(x, x == "a")', /this needs a list or a map, got a string/],
    ['has(claims)', /has\(\) needs a member, as in has\(claims\.email\)/],
    ['claims.a.exists(a.b, true)', /first argument of exists\(\) must be a name/],
    ["claims.a == 'x", /the closing quote of this string is missing/],
    ['claims.a == "x\ny"', /must end on its line/],
    ['claims.a == "\\q"', /invalid escape \\q in a string/],
    ['1 in [“a”]', /"“" is not allowed here/],
    ['claims.a == 0x', /is not a number/],
    [
      '{"a": 1, "b": "x"} == claims.b',
      /all values of a map must have the same type, got a whole number and a string/,
    ],
    ['{"a": 1, 2: 2} == claims.b', /all names of a map must have the same type/],
    ['for == 1', /for is a reserved word/],
    [`[${'1,'.repeat(200)}1] == claims.a`, /more than 100 members in a list/],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, /more than 24 nested levels/],
    ['"text"', /got a string/],
    ['[1]', /got a list/],
  ])('%s', (text, message) => {
    try {
      compileExpression(text);
    } catch (error) {
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message.split('\n')[0]).not.toMatch(foreign);
      return;
    }
    throw new Error('the expression was accepted');
  });

  test('a problem never contains the text of the library, for random expressions', () => {
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
    let rejected = 0;
    for (let round = 0; round < 3_000; round++) {
      const text = Array.from({ length: 1 + pick(8) }, () => pieces[pick(pieces.length)]).join(
        pick(2) === 0 ? '' : ' ',
      );
      try {
        compileExpression(text);
      } catch (error) {
        rejected++;
        const words = (error as Error).message.split('\n')[0] ?? '';
        expect([text, words]).toEqual([text, expect.not.stringMatching(foreign)]);
        expect([text, words]).toEqual([text, expect.not.stringContaining('is invalid')]);
      }
    }
    expect(rejected).toBeGreaterThan(2_000);
  });
});
