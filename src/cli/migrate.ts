/** `oidc-authz migrate`: what guarded workloads before, as a configuration of ours. */

import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError, formatProblems, type Problem, suggestion } from '../config/validate/problems.ts';
import { splitCommaList } from '../config/values/split-comma-list.ts';
import { migrateApiRule } from '../tools/migrate/apirule/migrate.ts';
import { migrateOauth2Proxy } from '../tools/migrate/oauth2-proxy/migrate.ts';
import { parseArguments } from './arguments.ts';
import { readGivenFile } from './input-file.ts';

/** What the command is given. */
export interface MigrateSources {
  /** The command line behind `migrate`. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a file as UTF-8 text; throws what the file system says. */
  readonly readFile: (path: string) => string;
  readonly readInput: () => string;
}

/** What the command prints, and the exit code that it ends with. */
export interface MigrateResult {
  /** For standard output. */
  readonly output: string;
  /** For standard error. */
  readonly report: string;
  readonly exitCode: number;
}

/** What can be migrated from, the flags of each, and the values that `--output` takes. */
export const kinds = {
  'oauth2-proxy': { flags: ['--output', '--accept', '--compat'], outputs: ['config', 'values', 'plan'] },
  apirule: {
    flags: ['--output', '--accept', '--issuer', '--audience', '--authorizer', '--domain'],
    outputs: ['all', 'apirule', 'config', 'values'],
  },
} as const;

type Kind = keyof typeof kinds;

/** The name of standard input among the files. */
const standardInput = '-';

/**
 * Migrates. Exit code 0; 2 where what is given cannot be read, with every problem; 3 where something that guards cannot be
 * carried over and was not accepted by name.
 */
export async function migrate(sources: MigrateSources): Promise<MigrateResult> {
  try {
    return await migrateFrom(sources);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = formatProblems(error.problems, 'the input');
    return { output: '', report: `${text}\n`, exitCode: 2 };
  }
}

async function migrateFrom(sources: MigrateSources): Promise<MigrateResult> {
  const { argv, environment } = sources;
  const end = argv.indexOf('--');
  const [before, commandLine] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  const { words, flags } = parseArguments(withoutHelmFlags(before), () => false);
  const [kind = '', ...paths] = words;
  if (!isKind(kind)) throw unknownKind(kind);
  const problems = flagProblems(kind, flags);
  if (problems.length > 0) throw new ConfigError(problems);
  const last = (name: string) => flags.findLast((flag) => flag.name === name)?.value;
  const all = (name: string) =>
    flags.flatMap((flag) => (flag.name === name && flag.value !== undefined ? [flag.value] : []));
  const accept = all('--accept').flatMap(splitCommaList);

  if (kind === 'apirule') {
    return migrateApiRule({
      files: readFiles(paths.length === 0 ? [standardInput] : paths, sources),
      issuer: last('--issuer'),
      audiences: all('--audience').flatMap(splitCommaList),
      domain: last('--domain'),
      authorizer: last('--authorizer') ?? 'oidc-authz',
      output: outputOf(kind, last('--output')),
      accept,
    });
  }
  const isToldElsewhere = commandLine.length > 0 || environment.OAUTH2_PROXY_OIDC_ISSUER_URL !== undefined;
  const files = readFiles(paths.length === 0 && !isToldElsewhere ? [standardInput] : paths, sources);
  const input = {
    files,
    commandLine,
    environment: Object.fromEntries(
      Object.entries(environment).filter(([name]) => name.startsWith('OAUTH2_PROXY_')),
    ),
    shell: environment,
    readFile: sources.readFile,
  };
  return migrateOauth2Proxy(input, {
    output: outputOf(kind, last('--output')),
    accept,
    compat: last('--compat') === 'oauth2-proxy',
  });
}

/** Files of values may be given as Helm takes them, by `-f` or `--values`: each is a file in its place. */
function withoutHelmFlags(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word) => {
    if (word === '-f' || word === '--values') return [];
    const [, file] = /^(?:-f=?|--values=)(?!$)(.*)$/s.exec(word) ?? [];
    return [file ?? word];
  });
}

function isKind(word: string): word is Kind {
  return Object.hasOwn(kinds, word);
}

function unknownKind(word: string): ConfigError {
  const known = Object.keys(kinds);
  const message =
    word === ''
      ? `say from what: ${known.map((kind) => `migrate ${kind} [FILE…]`).join(', or ')}`
      : `nothing is known of ${JSON.stringify(word)}${suggestion(word, known)} There are ${known.join(' and ')}`;
  return new ConfigError([{ path: '', source: 'migrate', message }]);
}

/** The kind of output that was asked for, or the first there is; it was judged before. */
function outputOf<K extends Kind>(kind: K, word: string | undefined): (typeof kinds)[K]['outputs'][number] {
  const outputs: readonly (typeof kinds)[K]['outputs'][number][] = kinds[kind].outputs;
  return outputs.find((output) => output === word) ?? (outputs[0] as (typeof kinds)[K]['outputs'][number]);
}

function flagProblems(kind: Kind, flags: readonly CommandLineFlag[]): Problem[] {
  const known: readonly string[] = kinds[kind].flags;
  const outputs: readonly string[] = kinds[kind].outputs;
  return flags.flatMap(({ name, value }) => {
    const source = `flag ${name}`;
    if (!known.includes(name)) {
      const hint =
        kind !== 'oauth2-proxy'
          ? ''
          : /^--set(-string|-json|-file|-literal)?$/.test(name)
            ? '; put what you give Helm by it into a file of values, and give that as the last one'
            : "; flags of oauth2-proxy's own stand behind --";
      return [{ path: '', source, message: `unknown flag${suggestion(name, known)}${hint}` }];
    }
    if (value === undefined) return [{ path: '', source, message: 'expected a value after it' }];
    if (name === '--output' && !outputs.includes(value))
      return [
        { path: '', source, message: `expected one of ${outputs.join(', ')}${suggestion(value, outputs)}` },
      ];
    if (name === '--compat' && !['none', 'oauth2-proxy'].includes(value))
      return [{ path: '', source, message: 'expected none or oauth2-proxy' }];
    return [];
  });
}

function readFiles(
  paths: readonly string[],
  { readFile, readInput }: MigrateSources,
): { readonly name: string; readonly text: string }[] {
  const problems: Problem[] = [];
  const files = paths.flatMap((path) => {
    const isInput = path === standardInput;
    try {
      const text = readGivenFile(path, isInput ? readInput : readFile);
      return [{ name: isInput ? 'standard input' : path, text }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return files;
}
