/** `--help`: it lists every flag and exit code, in lines that fit a terminal. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commands, loadManual } from '../../src/cli/commands.ts';
import { helpFor } from '../../src/cli/help.ts';
import { createFlagHint, wordHint } from '../../src/cli/hints.ts';
import { outputs } from '../../src/cli/migrate.ts';
import { configFlags } from '../../src/config/load/settings.ts';
import { flags as oauth2ProxyFlags } from '../../src/tools/migrate/oauth2-proxy/flags/flags.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manual = await loadManual();

/** The help text of a command; empty if there is no such command. */
function helpOf(...words: readonly string[]): string {
  return helpFor(words, manual) ?? '';
}

/** The description of a flag: the indented lines below its name. */
function descriptionOf(page: string, flag: string): string {
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
  const page = helpOf(...(name === '' ? [] : name.split(' ')));

  test('has lines of at most 80 columns without trailing spaces', () => {
    const lines = page.split('\n');
    expect(lines.length).toBeGreaterThan(15);
    expect(lines.filter((line) => line.length > 80 || /\s$/.test(line))).toEqual([]);
    expect(page.endsWith('\n')).toBe(true);
  });

  test('has a usage line and an example', () => {
    expect(page).toMatch(/^usage:/m);
    expect(page).toMatch(/^ {2}(\S+ \S* ?\| )?.*oidc-authz .*$/m);
  });
});

test('every flag of the service has a description in addition to its type', () => {
  const page = helpOf('serve');
  const descriptions = configFlags().map((flag) => [flag, descriptionOf(page, flag)] as const);
  expect(descriptions.length).toBeGreaterThan(50);
  expect(descriptions.filter(([, text]) => text.replace(/Takes .*$/, '').trim().length < 12)).toEqual([]);
});

test.each(['check-config', 'explain', 'doctor', 'canary', 'compare', 'migrate', 'revoke', 'support-bundle'])(
  '%s reads every flag of its pages, and no other',
  (name) => {
    const own = [`src/cli/${name}.ts`, `src/cli/${name}/*.ts`];
    const asksListener = ['explain', 'doctor', 'revoke', 'support-bundle'].includes(name);
    const files = globSync([...own, ...(asksListener ? ['src/cli/admin-access.ts'] : [])], { cwd: root });
    const source = files.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
    const pagesOf = manual.filter((page) => page.name.split(' ')[0] === name);
    const declared = pagesOf.flatMap(({ flags }) => flags.map((flag) => flag.name));
    const code = source.replaceAll(/(name|text): '.*'/g, '');
    const read = [...code.matchAll(/'(?:flag )?(--[a-z][\w-]+)'/g)].map(([, flag]) => flag);
    // `--config` is read with the configuration; `--values` is a flag of Helm; explain rejects `--token`.
    const other = ['--config', '--values', '--token'];
    const unique = (flags: readonly (string | undefined)[]) =>
      [...new Set(flags)].filter((flag) => !other.includes(flag ?? '')).toSorted();
    expect(unique(read)).toEqual(unique(declared));
  },
);

test('every flag of a command has a description', () => {
  const flags = manual.flatMap((page) => page.flags.map((flag) => [page.name, flag.name] as const));
  expect(flags.length).toBeGreaterThan(20);
  for (const [name, flag] of flags)
    expect([name, flag, descriptionOf(helpOf(...name.split(' ')), flag).length > 10]).toEqual([
      name,
      flag,
      true,
    ]);
});

test('the pages of migrate name every output', () => {
  for (const [kind, names] of Object.entries(outputs))
    for (const output of names) expect(descriptionOf(helpOf('migrate', kind), '--output')).toContain(output);
});

/** The exit codes that source files contain. */
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
  ['serve', ['src/cli/serve/run.ts'], [0, 1, 2, 70]],
  ['check-config', ['src/cli/check-config.ts'], [0, 1, 2]],
  ['explain', ['src/cli/explain.ts'], [0, 1, 2, 3]],
  ['doctor', ['src/cli/doctor.ts'], [0, 1, 2, 3]],
  ['generate', ['src/cli/generate.ts'], [0, 2, 3]],
  ['canary', ['src/cli/canary.ts'], [0, 1, 2, 3]],
  ['compare', ['src/cli/compare.ts'], [0, 1, 2]],
  ['revoke', ['src/cli/revoke.ts'], [0, 1, 2, 3]],
  ['support-bundle', ['src/cli/support-bundle.ts'], [0, 2, 3]],
  ['migrate oauth2-proxy', ['src/cli/migrate.ts', 'src/tools/migrate/oauth2-proxy/**/*.ts'], [0, 2, 3]],
  ['migrate apirule', ['src/cli/migrate.ts', 'src/tools/migrate/apirule/**/*.ts'], [0, 2, 3]],
])('the page of %s lists every exit code of the code', (name, sources, expected) => {
  expect(exitCodesIn(...sources)).toEqual(expected);
  const page = helpOf(...name.split(' '));
  const section = page.slice(page.indexOf('\nexit codes:'));
  for (const code of expected) expect(section).toMatch(new RegExp(`^ {0,2}${code} {2}\\S`, 'm'));
});

test('`help migrate` prints both of its pages', () => {
  const page = helpOf('migrate');
  for (const name of ['migrate oauth2-proxy', 'migrate apirule'])
    expect(page).toContain(`oidc-authz ${name}: `);
});

test.each([['migrat'], ['serve x']])('there is no page for %j', (line) => {
  expect(helpFor(line.split(' '), manual)).toBe(undefined);
});

test('every command but help and version has a page', () => {
  const names = new Set(manual.map(({ name }) => name.split(' ')[0]));
  expect([...names]).toEqual([
    'serve',
    'check-config',
    'explain',
    'doctor',
    'generate',
    'canary',
    'compare',
    'migrate',
    'revoke',
    'support-bundle',
  ]);
  expect(Object.keys(commands)).toEqual([...names, 'help', 'version']);
});

test('the overview lists every command', () => {
  const lines = helpOf().split('\n');
  for (const { name, summary } of manual)
    expect(lines.filter((line) => line.startsWith(`  ${name} `) && line.endsWith(summary))).toHaveLength(1);
  for (const name of ['help [COMMAND]', 'version'])
    expect(lines.filter((line) => line.startsWith(`  ${name} `))).toHaveLength(1);
});

describe('the hint for an unknown flag', () => {
  const hint = (name: string, command = 'serve') =>
    createFlagHint(command, [{ name, value: undefined }], manual)(name);

  test('explains every flag of oauth2-proxy, and names the command that converts all of them', () => {
    const own = new Set(configFlags());
    const flags = oauth2ProxyFlags.map((flag) => `--${flag.name}`).filter((name) => !own.has(name));
    expect(flags.length).toBeGreaterThan(150);
    const unexplained = flags.filter(
      (name) =>
        !/^; this is a flag of oauth2-proxy; .{15,}`oidc-authz migrate oauth2-proxy -- FLAGS`/.test(
          hint(name),
        ),
    );
    expect(unexplained).toEqual([]);
  });

  test('names that command once for several flags', () => {
    const flags = ['--client-id', '--upstream', '--cookie-secret'].map((name) => ({ name, value: 'x' }));
    const all = flags.map(({ name }) => createFlagHint('serve', flags, manual)(name)).join('\n');
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
  ])('for %s names %s', (name, expected) => {
    expect(hint(name)).toContain(expected);
  });

  test('names only flags that exist', () => {
    const named = oauth2ProxyFlags.flatMap(
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
    ['--nothing-like-it-at-all', '`oidc-authz serve --help` lists the flags'],
  ])('for %s is: %s', (name, expected) => {
    expect(hint(name)).toContain(expected);
  });

  test('suggests a flag of the same command', () => {
    expect(hint('--tokenfile', 'check-config')).toContain('did you mean --token-file?');
  });
});

test.each([
  ['serv', 'did you mean serve?'],
  ['start', 'did you mean serve?'],
  ['strat', 'did you mean serve?'],
  ['validate', 'did you mean check-config?'],
  ['checkconfig', 'did you mean check-config?'],
  ['supportbundle', 'did you mean support-bundle?'],
  ['migrte', 'did you mean migrate?'],
  ['oidc.yaml', '--config FILE'],
  ['https://issuer.example.com', '--issuer https://issuer.example.com'],
  [
    'something',
    'the commands are serve, check-config, explain, doctor, generate, canary, compare, migrate, revoke, support-bundle, help and version',
  ],
])('the hint for the word %s is: %s', (word, expected) => {
  expect(wordHint(word, manual)).toContain(expected);
});
