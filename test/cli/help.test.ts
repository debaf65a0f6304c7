/** What `--help` says: every flag and exit code there is, in lines that fit a terminal. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { aboutFile, bareFlags, commands } from '../../src/cli/arguments.ts';
import { ownFlags as checkConfigFlags } from '../../src/cli/check-config.ts';
import { ownFlags as compareFlags } from '../../src/cli/compare.ts';
import { commandNames, helpFor } from '../../src/cli/help.ts';
import { createFlagHint, wordHint } from '../../src/cli/hints.ts';
import { manual } from '../../src/cli/manual.ts';
import { kinds } from '../../src/cli/migrate.ts';
import { configFlags } from '../../src/config/load/settings.ts';
import { flags as theirFlags } from '../../src/tools/migrate/oauth2-proxy/flags/flags.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a flag's entry: what is indented below its name. */
function entryOf(page: string, flag: string): string {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line === `  ${flag}` || line.startsWith(`  ${flag} `));
  if (start < 0) return '';
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('      '));
  return lines
    .slice(start + 1, end)
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

const pages = ['', ...manual.map(({ name }) => name)];

describe.each(pages)('the page of %j', (name) => {
  const words = name === '' ? [] : name.split(' ');
  const page = helpFor(words) ?? '';

  test('has lines of at most 80 columns, without white space at their ends', () => {
    const lines = page.split('\n');
    expect(lines.length).toBeGreaterThan(15);
    // What cannot be broken: a URL, or one word of a command to paste.
    expect(lines.filter((line) => line.length > 80 || /\s$/.test(line))).toEqual([]);
    expect(page.endsWith('\n')).toBe(true);
  });

  test('has an example, and says how it is used', () => {
    expect(page).toMatch(/^usage:/m);
    expect(page).toMatch(/^ {2}(\S+ \S* ?\| )?.*oidc-authz .*$/m);
  });
});

test('every flag of the service has a description, not only what it takes', () => {
  const page = helpFor(['serve']) ?? '';
  const entries = configFlags().map((flag) => [flag, entryOf(page, flag)] as const);
  expect(entries.length).toBeGreaterThan(50);
  expect(entries.filter(([, text]) => text.replace(/Takes .*$/, '').trim().length < 12)).toEqual([]);
});

test('a command line is taken apart as the manual says', () => {
  expect(commandNames()).toEqual(commands);
  const takesFile = manual.filter(({ usage }) => usage.some((line) => line.includes('[FILE]')));
  expect(takesFile.map(({ name }) => name)).toEqual(aboutFile);
  const alone = manual.flatMap(({ flags }) => flags.filter(({ takes }) => takes === undefined));
  expect(alone.map(({ name }) => name).toSorted()).toEqual(bareFlags.toSorted());
});

test.each([
  ['check-config', [...checkConfigFlags, '--config']],
  ['compare', compareFlags],
  ['migrate oauth2-proxy', kinds['oauth2-proxy'].flags],
  ['migrate apirule', kinds.apirule.flags],
])('the page of %s has every flag of its own, and no other', (name, flags) => {
  const page = helpFor(name.split(' ')) ?? '';
  expect(
    manual
      .find((one) => one.name === name)
      ?.flags.map((flag) => flag.name)
      .toSorted(),
  ).toEqual(flags.toSorted());
  for (const flag of flags) expect([flag, entryOf(page, flag).length > 10]).toEqual([flag, true]);
});

test('every kind of output that migrate writes is named', () => {
  for (const [kind, { outputs }] of Object.entries(kinds))
    for (const output of outputs)
      expect(entryOf(helpFor(['migrate', kind]) ?? '', '--output')).toContain(output);
});

/** The exit codes that stand in source files. */
function exitCodesIn(...patterns: readonly string[]): number[] {
  const texts = patterns.flatMap((pattern) =>
    globSync(pattern, { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8')),
  );
  const found = texts.flatMap((text) => [
    ...[...text.matchAll(/exitCode: ([^,}\n;]+)/g)].flatMap(
      ([, value = '']) => value.match(/\b\d+\b/g) ?? [],
    ),
    ...[...text.matchAll(/const exitCode = \{([^}]*)\}/g)].flatMap(
      ([, values = '']) => values.match(/\d+/g) ?? [],
    ),
  ]);
  return [...new Set(found.map(Number))].toSorted((a, b) => a - b);
}

test.each([
  ['serve', ['src/main.ts'], [0, 1, 2, 70]],
  ['check-config', ['src/cli/check-config.ts', 'src/tools/check-config/try-token.ts'], [0, 1, 2]],
  ['compare', ['src/cli/compare.ts'], [0, 1, 2]],
  ['migrate oauth2-proxy', ['src/cli/migrate.ts', 'src/tools/migrate/oauth2-proxy/**/*.ts'], [0, 2, 3]],
  ['migrate apirule', ['src/cli/migrate.ts', 'src/tools/migrate/apirule/**/*.ts'], [0, 2, 3]],
])('the page of %s has every exit code that the code uses', (name, sources, expected) => {
  expect(exitCodesIn(...sources)).toEqual(expected);
  const page = helpFor(name.split(' ')) ?? '';
  const section = page.slice(page.indexOf('\nexit codes:'));
  for (const code of expected) expect(section).toMatch(new RegExp(`^ {0,2}${code} {2}\\S`, 'm'));
});

test('`help migrate` has both of its pages, and an unknown command none', () => {
  const page = helpFor(['migrate']) ?? '';
  for (const name of ['migrate oauth2-proxy', 'migrate apirule'])
    expect(page).toContain(`oidc-authz ${name}: `);
  expect(helpFor(['migrat'])).toBe(undefined);
  expect(helpFor(['serve', 'x'])).toBe(undefined);
  expect(commandNames()).toEqual(['serve', 'check-config', 'compare', 'migrate']);
});

test('every command is in the overview', () => {
  const lines = (helpFor([]) ?? '').split('\n');
  for (const { name, summary } of manual)
    expect(lines.filter((line) => line.startsWith(`  ${name} `) && line.endsWith(summary))).toHaveLength(1);
});

describe('a flag that nobody knows', () => {
  const hint = (name: string, command = 'serve') =>
    createFlagHint(command, [{ name, value: undefined }])(name);

  test('of oauth2-proxy is told of, whichever it is, with what becomes of it and the command that turns them all', () => {
    const own = new Set(configFlags());
    const theirs = theirFlags.map((flag) => `--${flag.name}`).filter((name) => !own.has(name));
    expect(theirs.length).toBeGreaterThan(150);
    const silent = theirs.filter(
      (name) => !/^; oauth2-proxy has it; .{15,}`oidc-authz migrate oauth2-proxy -- FLAGS`/.test(hint(name)),
    );
    expect(silent).toEqual([]);
  });

  test('is only named once with the command that turns them all', () => {
    const given = ['--client-id', '--upstream', '--cookie-secret'].map((name) => ({ name, value: 'x' }));
    const all = given.map(({ name }) => createFlagHint('serve', given)(name)).join('\n');
    expect(all.match(/migrate oauth2-proxy/g)).toHaveLength(1);
  });

  test.each([
    ['--oidc-issuer-url', '--issuer'],
    ['--client-id', '--audience'],
    ['--http-address', '--http-port'],
    ['--metrics-address', '--admin-port'],
    ['--tls-cert-file', '--http-tls-cert-file'],
    ['--email-domain', 'issuers[].email.allowedDomains'],
    ['--cookie-secret', 'delete it'],
    ['--upstream', 'static://200'],
    ['-oidc-issuer-url', '--issuer'],
    ['--oidc_issuer_url', '--issuer'],
  ])('%s is answered with %s', (name, told) => {
    expect(hint(name)).toContain(told);
  });

  test('that names our own is of a flag that there is', () => {
    const named = theirFlags.flatMap(
      ({ name }) =>
        /write ((?:--[\w-]+(?:, | and )?)+);/.exec(hint(`--${name}`))?.[1]?.match(/--[\w-]+/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !configFlags().includes(name))).toEqual([]);
  });

  test.each([
    ['-issuer', 'write --issuer, with two hyphens'],
    ['-http-port', 'write --http-port, with two hyphens'],
    ['-c', 'did you mean --config?'],
    ['--http_port', 'did you mean --http-port?'],
    ['--httpPort', 'did you mean --http-port?'],
    ['--isuer', 'did you mean --issuer?'],
    ['--token-file', 'it is a flag of check-config'],
    ['--tokens', 'it is a flag of compare'],
    ['--nothing-like-it-at-all', '`oidc-authz serve --help` lists them'],
  ])('%s: %s', (name, told) => {
    expect(hint(name)).toContain(told);
  });

  test('of a command is near to its own too', () => {
    expect(hint('--tokenfile', 'check-config')).toContain('did you mean --token-file?');
  });
});

test.each([
  ['serv', 'did you mean serve?'],
  ['start', 'did you mean serve?'],
  ['strat', 'did you mean serve?'],
  ['validate', 'did you mean check-config?'],
  ['checkconfig', 'did you mean check-config?'],
  ['migrte', 'did you mean migrate?'],
  ['oidc.yaml', '--config FILE'],
  ['https://issuer.example.com', '--issuer https://issuer.example.com'],
  ['something', 'the commands are serve, check-config, compare, migrate, help and version'],
])('the word %s: %s', (word, told) => {
  expect(wordHint(word)).toContain(told);
});
