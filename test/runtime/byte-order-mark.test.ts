/** A byte order mark, which some editors write, changes neither the content nor the positions in errors. */
import { expect, test } from 'vitest';
import { checkConfig } from '../../src/cli/check-config.ts';
import { credentialIn } from '../../src/tools/token-input.ts';

const issuers = 'issuers:\n  - issuer: https://a.example.com\n    audiences: [a]\n';

const run = (files: Record<string, string>, flags: Record<string, string> = {}) =>
  checkConfig({
    flags: [
      { name: '--config', value: 'c.yaml' },
      ...Object.entries(flags).map(([name, value]) => ({ name, value })),
    ],
    environment: {},
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('not here'), { code: 'ENOENT' });
      return text;
    },
  });

test.each([
  ['a block', issuers],
  ['a block of values of the chart', `config:\n${issuers.replaceAll(/^(?=.)/gm, '  ')}`],
  ['JSON', JSON.stringify({ issuers: [{ issuer: 'https://a.example.com', audiences: ['a'] }] })],
  ['a comment first', `# mine\n${issuers}`],
])('a configuration: %s', async (_, text) => {
  const plain = await run({ 'c.yaml': text });
  expect(plain.exitCode).toBe(0);
  expect(await run({ 'c.yaml': `\ufeff${text}` })).toEqual(plain);
});

test('an invalid configuration has its error at the same position', async () => {
  const text = 'isuers: []\nhttp: {prt: 1}\n';
  const plain = await run({ 'c.yaml': text });
  expect(plain.output).toContain('c.yaml:1:1');
  expect(await run({ 'c.yaml': `\ufeff${text}` })).toEqual(plain);
});

test('a table of requests', async () => {
  const rules = `${issuers}rules:\n  - name: all\n    match: {paths: [/]}\n    require: {}\n`;
  const table =
    '- name: nobody\n  request: {path: /}\n  expect: {outcome: deny}\n- name: more\n  expect: {rule: all}\n';
  const plain = await run({ 'c.yaml': rules, 't.yaml': table }, { '--test': 't.yaml' });
  expect(plain.exitCode).toBe(0);
  expect(await run({ 'c.yaml': rules, 't.yaml': `\ufeff${table}` }, { '--test': 't.yaml' })).toEqual(plain);
});

test('a deny list', async () => {
  const file = `${issuers}denyList: {file: d.yaml}\n`;
  const list = '- issuer: https://a.example.com\n  sub: alice\n';
  const plain = await run({ 'c.yaml': file, 'd.yaml': list });
  expect(plain.exitCode).toBe(0);
  expect(await run({ 'c.yaml': file, 'd.yaml': `\ufeff${list}` })).toEqual(plain);
});

test('a token', () => {
  expect(credentialIn('\ufeffBearer a.b.c\n', 'token.txt', ['Bearer']).token).toBe('a.b.c');
});
