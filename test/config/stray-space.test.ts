/** White space at the ends of a value, or a line break in it, is told, for every option that takes a text. */
import { describe, expect, test } from 'vitest';
import { readDenyList } from '../../src/config/deny-list.ts';
import { leaves, scalarLeaves } from '../../src/config/leaves.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';

type Given = { flags?: Record<string, string>; environment?: Record<string, string>; file?: unknown };

async function problemsOf({ flags = {}, environment = {}, file }: Given): Promise<string[]> {
  const name = file === undefined ? [] : [{ name: '--config', value: 'f.yaml' }];
  try {
    await loadConfig({
      flags: [...name, ...Object.entries(flags).map(([flag, value]) => ({ name: flag, value }))],
      environment,
      readFile: () => (typeof file === 'string' ? file : JSON.stringify(file)),
    });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, source, message }) => `${path} (${source}): ${message}`);
  }
}

const issuer = { issuer: 'https://i.example.com', audiences: ['a'] };

/** Puts a value where a path leads, with whatever must stand around it. */
function at(path: readonly string[], value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (head === '[]') return [at(rest, value)];
  return { [head]: at(rest, value) };
}

const isExempt = (name: string) => /(^issuers\[\]\.jwks|\.require\.expression|\.separator)$/.test(name);

describe('for every option', () => {
  const texts = leaves().filter(({ written, entryTitle }) => written === 'text' || entryTitle !== undefined);

  test.each(texts.map(({ path }) => path.join('.').replaceAll('.[]', '[]')))('%s', async (name) => {
    const leaf = texts.find(({ path }) => path.join('.').replaceAll('.[]', '[]') === name);
    if (leaf === undefined) throw new TypeError('the option is there');
    const isList = leaf.written !== 'text';
    const isRecord = isList && /claims$|headers$/i.test(name) && !/audienceClaims|trustedHeaders/.test(name);
    for (const [text, words] of [
      ['x ', 'no white space at its end, not "x "'],
      ['\u00a0x', 'no white space at its beginning, not "\\u00a0x"'],
      ['x\ny', 'one line, without a line break in it, not "x\\ny"'],
    ] as const) {
      const value = isRecord ? { [text]: 'x' } : isList ? [text] : text;
      const problems = await problemsOf({ file: at(leaf.path, value) });
      const said = problems.filter((problem) => problem.includes(words));
      expect([name, text, said.length]).toEqual([name, text, isExempt(name) ? 0 : 1]);
      const [path = ''] = said[0]?.split(' (') ?? [];
      expect(
        problems.filter((problem) => path !== '' && problem.startsWith(`${path} (`)).length,
      ).toBeLessThanOrEqual(1);
    }
  });

  test('from a flag and from the environment, with its source', async () => {
    const { flagName, environmentName } = await import('../../src/config/leaves.ts');
    for (const { path, written } of scalarLeaves()) {
      if (written !== 'text') continue;
      const [flag, variable] = [flagName(path), environmentName(path)];
      const file = { issuers: [issuer] };
      expect(await problemsOf({ file, flags: { [flag]: ' x' } })).toContainEqual(
        expect.stringMatching(new RegExp(`\\(flag ${flag}\\): expected no white space at its beginning`)),
      );
      expect(await problemsOf({ file, environment: { [variable]: 'x\r\n' } })).toContainEqual(
        expect.stringMatching(new RegExp(`\\(environment ${variable}\\): expected no line break at its end`)),
      );
    }
  });
});

test.each<[string, Given, RegExp]>([
  [
    'the issuer of a flag',
    { flags: { '--issuer': 'https://i.example.com ', '--audience': 'a' } },
    /flag --issuer.*at its end/,
  ],
  [
    'the issuer of the environment',
    { environment: { OIDC_AUTHZ_ISSUER: 'https://i.example.com\n', OIDC_AUTHZ_AUDIENCES: 'a' } },
    /environment OIDC_AUTHZ_ISSUER.*line break at its end/,
  ],
  [
    'the name of the file, of a flag',
    { flags: { '--config': 'c.yaml ' } },
    /flag --config.*at its end, not "c\.yaml "/,
  ],
  [
    'the name of the file, of the environment',
    { environment: { OIDC_AUTHZ_CONFIG: ' c.yaml' } },
    /OIDC_AUTHZ_CONFIG.*beginning/,
  ],
  [
    'a block of YAML',
    { file: 'issuers:\n  - issuer: |\n      https://i.example.com\n    audiences: [a]\n' },
    /issuers\[0\]\.issuer \(f\.yaml:2:5\): expected no line break at its end/,
  ],
  [
    'the value of a claim',
    { file: { issuers: [{ ...issuer, requiredClaims: { tid: 'x ' } }] } },
    /requiredClaims\.tid .*at its end/,
  ],
  [
    'one value of several',
    { file: { issuers: [{ ...issuer, requiredClaims: { tid: ['x', ' y'] } }] } },
    /requiredClaims\.tid\[1\] .*beginning/,
  ],
  [
    'the name of a claim',
    { file: { issuers: [{ ...issuer, requiredClaims: { 'tid ': 'x' } }] } },
    /this name: expected no white space at its end, not "tid "/,
  ],
  ['the name of an option', { file: { issuers: [issuer], 'http ': {} } }, /this name: .*"http "/],
  [
    'nothing but white space',
    { file: { issuers: [{ ...issuer, audiences: [' '] }] } },
    /expected more than white space, not " "/,
  ],
  [
    'a claim in a list of names',
    { file: { issuers: [{ ...issuer, email: { claim: ['a', 'b '] } }] } },
    /email\.claim\[1\] .*at its end/,
  ],
  [
    'a host',
    {
      file: { issuers: [issuer], rules: [{ name: 'a', match: { hosts: ['a.example.com '] }, require: {} }] },
    },
    /hosts\[0\] .*at its end/,
  ],
])('%s', async (_, given, message) => {
  expect(await problemsOf(given)).toContainEqual(expect.stringMatching(message));
});

test('is nothing where it has a meaning, or none', async () => {
  const jwks = '{"keys": []}\n';
  const expression = 'claims.sub == "a" ||\n  claims.sub == " b "\n';
  const file = {
    issuers: [{ ...issuer, jwks }],
    rules: [
      {
        name: 'a',
        require: { expression },
        outputClaimToHeaders: [{ header: 'x-a', claim: 'b', separator: ', ' }],
      },
    ],
    outputClaimToHeaders: [{ header: 'x-a', claim: 'b', separator: ' ' }],
  };
  expect(await problemsOf({ file })).toEqual([]);
  expect(
    await problemsOf({
      file: {
        issuers: [issuer],
        policies: [{ name: 'p', pathPrefix: '/p', rules: [{ name: 'a', require: { expression } }] }],
      },
    }),
  ).toEqual([]);
});

test('at both ends is told once, with what cannot be seen', async () => {
  expect(await problemsOf({ file: { issuers: [{ ...issuer, audiences: ['\ta\u200b'] }] } })).toEqual([
    expect.stringMatching(/no white space at its beginning and its end, not "\\ta\\u200b"$/),
  ]);
});

test('never has a password of a URL told, with a line break in it either', async () => {
  const file = { issuers: [{ ...issuer, httpsProxy: 'http://user:pass\nword@proxy:8080 ' }] };
  expect((await problemsOf({ file })).join()).not.toMatch(/pass|word@/);
});

test('of a long value both ends are shown', async () => {
  const problems = await problemsOf({
    file: { issuers: [{ ...issuer, audiences: [`a${'b'.repeat(300)}c `] }] },
  });
  expect(problems[0]).toMatch(/not "ab+…b+c "$/);
});

test('in the deny list is told too, and a missing issuer with what to write', () => {
  const messageOf = (text: string) => {
    try {
      return String(readDenyList(text, 'd.yaml').length);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(messageOf('- {issuer: "https://a ", sub: a}')).toMatch(/\[0\]\.issuer .*no white space at its end/);
  expect(messageOf('- {issuer: https://a, sub: "a\\n"}')).toMatch(/\[0\]\.sub .*no line break at its end/);
  expect(messageOf('- {sub: a}')).toMatch(
    /\[0\]\.issuer .*does not say whose tokens it revokes; write `issuer: /,
  );
  expect(messageOf('[{"jti": "a"}]')).toMatch(/write `issuer: /);
});
