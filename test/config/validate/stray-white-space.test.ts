/** White space at the ends of a value, or a line break in it, is a problem for every option that takes a text. */
import { describe, expect, test } from 'vitest';
import { listOptions, listScalarOptions } from '../../../src/config/describe/option-list.ts';
import { readDenyList } from '../../../src/config/load/deny-list.ts';
import { loadConfig } from '../../../src/config/load/load.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';

type Settings = { flags?: Record<string, string>; environment?: Record<string, string>; file?: unknown };

async function problemsOf({ flags = {}, environment = {}, file }: Settings): Promise<string[]> {
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

/** Creates an object with a value at a path, where `[]` is a list. */
function at(path: readonly string[], value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (head === '[]') return [at(rest, value)];
  return { [head]: at(rest, value) };
}

const isExempt = (name: string) => /(^issuers\[\]\.jwks|\.require\.expression|\.separator)$/.test(name);

describe('is reported for the option', () => {
  const texts = listOptions().filter(({ kind, entryTitle }) => kind === 'text' || entryTitle !== undefined);

  test.each(texts.map(({ path }) => path.join('.').replaceAll('.[]', '[]')))('%s', async (name) => {
    const option = texts.find(({ path }) => path.join('.').replaceAll('.[]', '[]') === name);
    if (option === undefined) throw new TypeError('the option is there');
    const isList = option.kind !== 'text';
    const isRecord = isList && /claims$|headers$/i.test(name) && !/audienceClaims|trustedHeaders/.test(name);
    for (const [text, words] of [
      ['x ', 'must not end with white space, got "x "'],
      ['\u00a0x', 'must not begin with white space, got "\\u00a0x"'],
      ['x\ny', 'must not contain a line break, got "x\\ny"'],
    ] as const) {
      const value = isRecord ? { [text]: 'x' } : isList ? [text] : text;
      const problems = await problemsOf({ file: at(option.path, value) });
      const said = problems.filter((problem) => problem.includes(words));
      expect([name, text, said.length]).toEqual([name, text, isExempt(name) ? 0 : 1]);
      const [path = ''] = said[0]?.split(' (') ?? [];
      expect(
        problems.filter((problem) => path !== '' && problem.startsWith(`${path} (`)).length,
      ).toBeLessThanOrEqual(1);
    }
  });

  test('of a flag and of the environment, with its source', async () => {
    for (const { kind, flag, variable } of listScalarOptions()) {
      if (kind !== 'text') continue;
      const file = { issuers: [issuer] };
      expect(await problemsOf({ file, flags: { [flag]: ' x' } })).toContainEqual(
        expect.stringMatching(new RegExp(`\\(flag ${flag}\\): must not begin with white space`)),
      );
      expect(await problemsOf({ file, environment: { [variable]: 'x\r\n' } })).toContainEqual(
        expect.stringMatching(new RegExp(`\\(environment ${variable}\\): must not end with a line break`)),
      );
    }
  });
});

test.each<[string, Settings, RegExp]>([
  [
    'the issuer of a flag',
    { flags: { '--issuer': 'https://i.example.com ', '--audience': 'a' } },
    /flag --issuer.*must not end with/,
  ],
  [
    'the issuer of the environment',
    { environment: { OIDC_AUTHZ_ISSUER: 'https://i.example.com\n', OIDC_AUTHZ_AUDIENCES: 'a' } },
    /environment OIDC_AUTHZ_ISSUER.*must not end with a line break/,
  ],
  [
    'the name of the file, of a flag',
    { flags: { '--config': 'c.yaml ' } },
    /flag --config.*must not end with white space, got "c\.yaml "/,
  ],
  [
    'the name of the file, of the environment',
    { environment: { OIDC_AUTHZ_CONFIG: ' c.yaml' } },
    /OIDC_AUTHZ_CONFIG.*must not begin with/,
  ],
  [
    'a block of YAML',
    { file: 'issuers:\n  - issuer: |\n      https://i.example.com\n    audiences: [a]\n' },
    /issuers\[0\]\.issuer \(f\.yaml:2:5\): must not end with a line break/,
  ],
  [
    'the value of a claim',
    { file: { issuers: [{ ...issuer, requiredClaims: { tid: 'x ' } }] } },
    /requiredClaims\.tid .*must not end with/,
  ],
  [
    'one value of several',
    { file: { issuers: [{ ...issuer, requiredClaims: { tid: ['x', ' y'] } }] } },
    /requiredClaims\.tid\[1\] .*must not begin with/,
  ],
  [
    'the name of a claim',
    { file: { issuers: [{ ...issuer, requiredClaims: { 'tid ': 'x' } }] } },
    /the name must not end with white space, got "tid "/,
  ],
  ['the name of an option', { file: { issuers: [issuer], 'http ': {} } }, /the name .*"http "/],
  [
    'nothing but white space',
    { file: { issuers: [{ ...issuer, audiences: [' '] }] } },
    /must not be only white space, got " "/,
  ],
  [
    'a claim in a list of names',
    { file: { issuers: [{ ...issuer, email: { claim: ['a', 'b '] } }] } },
    /email\.claim\[1\] .*must not end with/,
  ],
  [
    'a host',
    {
      file: { issuers: [issuer], rules: [{ name: 'a', match: { hosts: ['a.example.com '] }, require: {} }] },
    },
    /hosts\[0\] .*ends? with/,
  ],
])('%s', async (_, settings, message) => {
  expect(await problemsOf(settings)).toContainEqual(expect.stringMatching(message));
});

test('is accepted where white space has a meaning or no effect', async () => {
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

test('at both ends is reported once, with escapes for invisible characters', async () => {
  expect(await problemsOf({ file: { issuers: [{ ...issuer, audiences: ['\ta\u200b'] }] } })).toEqual([
    expect.stringMatching(/must not begin or end with white space, got "\\ta\\u200b"$/),
  ]);
});

test('never has the password of a URL in a problem, even with a line break', async () => {
  const file = { issuers: [{ ...issuer, httpsProxy: 'http://user:pass\nword@proxy:8080 ' }] };
  expect((await problemsOf({ file })).join()).not.toMatch(/pass|word@/);
});

test('a problem shows both ends of a long value', async () => {
  const problems = await problemsOf({
    file: { issuers: [{ ...issuer, audiences: [`a${'b'.repeat(300)}c `] }] },
  });
  expect(problems[0]).toMatch(/got "ab+…b+c "$/);
});

// Code points from the Unicode database, by number. The code uses Unicode properties instead.
const unseen = [
  0x0000, 0x0009, 0x001b, 0x0020, 0x007f, 0x0085, 0x00a0, 0x00ad, 0x034f, 0x061c, 0x1160, 0x1680, 0x17b4,
  0x180e, 0x2000, 0x200a, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202e, 0x202f, 0x205f, 0x2060,
  0x2061, 0x2064, 0x2066, 0x2069, 0x3000, 0x3164, 0xfeff, 0xffa0, 0x1d173, 0xe0020, 0xe007f,
];

describe('rejects the invisible character', () => {
  const denied = (sub: string, issuer = 'https://a') =>
    readDenyList(JSON.stringify([{ issuer, sub }]), 'd.yaml');

  test.each(unseen.map((code) => `U+${code.toString(16).padStart(4, '0')}`))('%s', async (name) => {
    const unit = String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    for (const text of [`alice${unit}`, `${unit}alice`, `${unit}alice${unit}`, unit]) {
      expect(() => denied(text), 'sub').toThrow(/\[0\]\.sub .*: must not .*(white space|line break)/);
      expect(() => denied('alice', text), 'issuer').toThrow(
        /\[0\]\.issuer .*: must not .*(white space|line break)/,
      );
      const problems = await problemsOf({ file: { issuers: [{ ...issuer, audiences: [text] }] } });
      expect(problems).toEqual([expect.stringMatching(/white space|line break/)]);
      // The message shows the character as an escape only.
      if (unit !== ' ') expect(problems.join()).not.toContain(unit);
    }
  });

  test('accepts variation selectors, and invisible characters between others', () => {
    for (const sub of ['team \u2764\ufe0f', 'a\u200db', 'a\u00a0b', 'Zo\u00eb', '\u0645\u06cc\u200c\u0634'])
      expect(denied(sub)).toHaveLength(1);
  });
});

test('reports a problem once if two checks find it', async () => {
  for (const [file, path] of [
    [{ issuers: [{ ...issuer, audiences: [''] }] }, 'issuers[0].audiences[0]'],
    [{ issuers: [{ ...issuer, issuer: '' }] }, 'issuers[0].issuer'],
    [{ issuers: [{ ...issuer, caFile: '' }] }, 'issuers[0].caFile'],
    [{ issuers: [{ ...issuer, audiences: [' '] }] }, 'issuers[0].audiences[0]'],
    [{ issuers: [issuer], http: { port: -0.5 } }, 'http.port'],
    [{ issuers: [issuer], realm: 'ä'.repeat(300) }, 'realm'],
  ] as const)
    expect(await problemsOf({ file })).toEqual([
      expect.stringMatching(new RegExp(`^${RegExp.escape(path)} `)),
    ]);
  const messageOf = () => readDenyList('- {issuer: "", sub: ""}', 'd.yaml');
  expect(messageOf).toThrow(/has 2 problems:\n.*\[0\]\.issuer.*\n.*\[0\]\.sub.*$/);
});

test('is reported in the deny list, and so is a missing issuer with its fix', () => {
  const messageOf = (text: string) => {
    try {
      return String(readDenyList(text, 'd.yaml').length);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(messageOf('- {issuer: "https://a ", sub: a}')).toMatch(
    /\[0\]\.issuer .*must not end with white space/,
  );
  expect(messageOf('- {issuer: https://a, sub: "a\\n"}')).toMatch(
    /\[0\]\.sub .*must not end with a line break/,
  );
  expect(messageOf('- {sub: a}')).toMatch(/\[0\]\.issuer .*the issuer is missing; write `issuer: /);
  expect(messageOf('[{"jti": "a"}]')).toMatch(/write `issuer: /);
});
