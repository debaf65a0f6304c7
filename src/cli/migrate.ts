/** `oidc-authz migrate`: converts the settings of another authorizer into a configuration. */

import { readFileSync } from 'node:fs';
import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError, formatProblems, type Problem, suggestion } from '../config/validate/problems.ts';
import { splitCommaList } from '../config/values/split-comma-list.ts';
import { readInputFile } from '../tools/input-file.ts';
import { parseArguments } from './arguments.ts';
import type { Command, ManualPage } from './command.ts';
import { createFlagReader } from './flag-reader.ts';
import { readStandardInput } from './standard-input.ts';

/** The input of the command. */
export interface MigrateSources {
  /** The command line after `migrate`. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a file as UTF-8 text; throws the error of the file system. */
  readonly readFile: (path: string) => string;
  readonly readInput: () => string;
}

/** The output of the command, and its exit code. */
export interface MigrateResult {
  /** For standard output. */
  readonly output: string;
  /** For standard error. */
  readonly report: string;
  readonly exitCode: number;
}

/** The values of `--output` for each kind of source; the first one is the default. */
export const outputs = {
  'oauth2-proxy': ['config', 'values', 'plan'],
  apirule: ['all', 'apirule', 'config', 'values'],
} as const;

type Kind = keyof typeof outputs;

const exitCodes = {
  0: 'every setting that restricts access was migrated, or you accepted its loss by name',
  1: 'Node is too old',
  2: 'the command line is wrong or the input cannot be read; stderr lists every problem',
  3: 'a setting that restricts access cannot be migrated; the report names it, and --accept accepts its loss',
} as const;

/** The help page of each kind of source. */
const pages: Readonly<Record<Kind, ManualPage>> = {
  'oauth2-proxy': {
    name: 'migrate oauth2-proxy',
    summary: 'convert the settings of an oauth2-proxy',
    usage: ['oidc-authz migrate oauth2-proxy [FILE…] [flags] [-- FLAGS OF OAUTH2-PROXY]'],
    about: [
      'FILE holds Helm values, TOML, alpha YAML, Kubernetes manifests or variables. `-` or no FILE means standard input. The configuration goes to stdout, the report on each setting to stderr.',
    ],
    flags: [
      {
        name: '--output',
        takes: 'KIND',
        text: 'The output: config, values (of the chart) or plan. Default: config.',
      },
      { name: '--accept', takes: 'LIST', text: 'Names of settings whose loss you accept; repeatable.' },
      {
        name: '--compat',
        takes: 'NAME',
        text: '`oauth2-proxy`: answer denials as oauth2-proxy does. Default: none.',
      },
    ],
    takesConfig: false,
    exitCodes,
    examples: [
      'oidc-authz migrate oauth2-proxy values.yaml > oidc-authz.yaml',
      'oidc-authz migrate oauth2-proxy -- --oidc-issuer-url=https://issuer.example.com --client-id=orders-api',
      'kubectl get deploy,configmap -n auth -o yaml | oidc-authz migrate oauth2-proxy --output values',
    ],
  },
  apirule: {
    name: 'migrate apirule',
    summary: 'convert APIRules from v1beta1 to v2',
    usage: ['oidc-authz migrate apirule [FILE…] [flags]'],
    about: [
      'FILE holds APIRules of Kyma in v1beta1. `-` or no FILE means standard input. The APIRules in v2 and the configuration go to stdout, the report to stderr.',
    ],
    flags: [
      {
        name: '--output',
        takes: 'KIND',
        text: 'The output: all, apirule, config or values (of the chart). Default: all.',
      },
      { name: '--issuer', takes: 'URL', text: 'The issuer for rules that name none.' },
      { name: '--audience', takes: 'LIST', text: 'The audiences for rules that name none; repeatable.' },
      {
        name: '--authorizer',
        takes: 'NAME',
        text: 'Name of the authorizer in the mesh. Default: oidc-authz.',
      },
      { name: '--domain', takes: 'NAME', text: "The cluster's domain, for hosts without one." },
      { name: '--accept', takes: 'LIST', text: 'Names of findings that you accept; repeatable.' },
    ],
    takesConfig: false,
    exitCodes,
    examples: [
      'oidc-authz migrate apirule apirules.yaml --issuer https://issuer.example.com --audience orders-api',
      'kubectl get apirules.v1beta1.gateway.kyma-project.io -A -o yaml | oidc-authz migrate apirule',
    ],
  },
};

/** Migrates; the result is on stdout, the report on stderr. */
export const migrateCommand: Command = {
  manual: Object.values(pages),
  run: async ({ argv }, { environment }) => {
    const result = await migrate({
      argv: argv.slice(argv.indexOf('migrate') + 1),
      environment,
      readFile: (path) => readFileSync(path, 'utf8'),
      readInput: readStandardInput,
    });
    process.stderr.write(result.report);
    process.stdout.write(result.output);
    process.exitCode = result.exitCode;
  },
};

/** The name of standard input. */
const standardInput = '-';

/** Runs the command without its output. */
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
  const { last, all } = createFlagReader(flags);
  const accept = all('--accept').flatMap(splitCommaList);

  if (kind === 'apirule') {
    const { migrateApiRule } = await import('../tools/migrate/apirule/migrate.ts');
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
  const { migrateOauth2Proxy } = await import('../tools/migrate/oauth2-proxy/migrate.ts');
  const hasSettings = commandLine.length > 0 || environment.OAUTH2_PROXY_OIDC_ISSUER_URL !== undefined;
  const files = readFiles(paths.length === 0 && !hasSettings ? [standardInput] : paths, sources);
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

/** Replaces Helm's `-f FILE` and `--values FILE` by the file. */
function withoutHelmFlags(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word) => {
    if (word === '-f' || word === '--values') return [];
    const [, file] = /^(?:-f=?|--values=)(?!$)(.*)$/s.exec(word) ?? [];
    return [file ?? word];
  });
}

function isKind(word: string): word is Kind {
  return Object.hasOwn(outputs, word);
}

function unknownKind(word: string): ConfigError {
  const known = Object.keys(outputs);
  const message =
    word === ''
      ? `the source is missing; write ${known.map((kind) => `migrate ${kind} [FILE…]`).join(' or ')}`
      : `unknown source ${JSON.stringify(word)}${suggestion(word, known) || `; the sources are ${known.join(' and ')}`}`;
  return new ConfigError([{ path: '', source: 'migrate', message }]);
}

/** The requested output, which `flagProblems` has checked, or the default. */
function outputOf<K extends Kind>(kind: K, word: string | undefined): (typeof outputs)[K][number] {
  const known: readonly (typeof outputs)[K][number][] = outputs[kind];
  return known.find((output) => output === word) ?? (known[0] as (typeof outputs)[K][number]);
}

function flagProblems(kind: Kind, flags: readonly CommandLineFlag[]): Problem[] {
  const known = pages[kind].flags.map(({ name }) => name);
  const ofKind: readonly string[] = outputs[kind];
  return flags.flatMap(({ name, value }) => {
    const source = `flag ${name}`;
    if (!known.includes(name)) {
      const hint =
        kind !== 'oauth2-proxy'
          ? ''
          : /^--set(-string|-json|-file|-literal)?$/.test(name)
            ? '; write the same values into a file, and name that file last'
            : '; write the flags of oauth2-proxy after --';
      return [{ path: '', source, message: `unknown flag${suggestion(name, known)}${hint}` }];
    }
    if (value === undefined)
      return [{ path: '', source, message: 'must have a value; write it after the flag' }];
    if (name === '--output' && !ofKind.includes(value))
      return [
        { path: '', source, message: `expected one of ${ofKind.join(', ')}${suggestion(value, ofKind)}` },
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
      const name = isInput ? 'standard input' : path;
      return [{ name, text: readInputFile(path, isInput ? readInput : readFile, name) }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return files;
}
