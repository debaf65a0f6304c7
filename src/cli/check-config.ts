/** `oidc-authz check-config`: every problem of a configuration, the configuration as it would be used, or what it does. */

import type { Config } from '../config/declare/options.ts';
import { absentOptions, withDerivedDefaults, writtenConfig } from '../config/describe/describe.ts';
import { yamlText } from '../config/describe/yaml-text.ts';
import { parseConfigFile } from '../config/load/file.ts';
import { type ConfigSources, configFileOf, loadConfig } from '../config/load/load.ts';
import { rulesOf } from '../config/rules/rule-problems.ts';
import { hasShadowMode } from '../config/rules/shadow-mode.ts';
import { ConfigError, formatProblems, type Problem } from '../config/validate/problems.ts';
import { systemClock } from '../runtime/time/clock.ts';
import { fileProblems, filesOf, type NamesFiles } from '../service/referenced-files.ts';
import { readChartValues } from '../tools/check-config/chart-values.ts';
import { readGivenFile } from './input-file.ts';

/** What a command prints, and the exit code that it ends with. */
export interface CommandResult {
  readonly output: string;
  readonly exitCode: number;
  /** Whether it is what was asked for, whatever the exit code, and so belongs on standard output. */
  readonly isAnswer?: boolean;
}

/** The flags of this command; all others are the configuration's. */
export const ownFlags = [
  '--token-file',
  '--method',
  '--host',
  '--path',
  '--test',
  '--without-files',
] as const;

/** The name of standard input. */
const standardInput = '-';

/** A configuration, and what else is known of it. */
interface Checked {
  readonly config: Config;
  readonly sources: ConfigSources;
  /** How the file was read, where it is no plain configuration. */
  readonly notes: readonly string[];
}

/**
 * Checks a configuration: exit code 0 with the resolved configuration as YAML, or 2 with its problems. With `--test` and
 * `--token-file` it prints what becomes of requests, and the exit code is 1 where that is not as expected, or a refusal.
 */
export async function checkConfig(
  sources: ConfigSources,
  readInput: () => string = () => '',
): Promise<CommandResult> {
  const notes: string[] = [];
  try {
    const own = ownOf(sources);
    const checked = await check({ ...sources, flags: own.others }, notes, own.isWithFiles);
    if (own.tests !== undefined) return await runTests(checked, own.tests, sources);
    if (own.tokenFile !== undefined) return await tryTokenOf(checked, own, own.tokenFile, sources, readInput);
    return {
      output: commented([...notes, ...warningsOf(checked.config)]) + written(checked.config),
      exitCode: 0,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { output: `${commented(notes)}${formatProblems(error.problems)}\n`, exitCode: 2 };
  }
}

/** Loads the configuration, and the files that it names where they are here. */
async function check(sources: ConfigSources, notes: string[], isWithFiles: boolean): Promise<Checked> {
  const chart = await chartOf(sources);
  notes.push(...(chart?.notes ?? []));
  const used = chart?.sources ?? sources;
  const problemsOfFiles = async (named: NamesFiles, others: readonly Problem[]) => {
    if (chart === undefined && isWithFiles)
      return [...(await fileProblems(named, sources.readFile)), ...others];
    const problems = await fileProblems(chart === undefined ? namingNoFiles(named) : named, sources.readFile);
    const files = filesOf(named);
    return problems.filter(({ source }) => !files.includes(source));
  };
  const config = await loadConfig({
    ...used,
    findMoreProblems: async (tree) => {
      const { namesFiles, tlsProblems } = await import('../tools/check-config/files-of-invalid.ts');
      return problemsOfFiles(namesFiles(tree), await tlsProblems(tree, sources.readFile));
    },
  });
  const files = filesOf(config);
  if (chart !== undefined && files.length > 0)
    notes.push(`not read, for they are in the pod: ${files.join(', ')}`);
  const problems = await problemsOfFiles(config, []);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, sources: used, notes };
}

/** The configuration as if it named no file. */
function namingNoFiles(config: NamesFiles): NamesFiles {
  return {
    ...config,
    issuers: config.issuers.map(({ jwksFile: _, publicKeyFiles: __, caFile: ___, ...issuer }) => issuer),
    http: { tls: undefined },
    grpc: { tls: undefined },
    admin: { tls: undefined },
    denyList: {},
  };
}

/**
 * The same sources with the configuration that the chart makes, where the file holds values of the chart.
 *
 * @throws ConfigError where the file is one of oauth2-proxy
 */
async function chartOf(
  sources: ConfigSources,
): Promise<{ sources: ConfigSources; notes: readonly string[] } | undefined> {
  const path = configFileOf(sources);
  if (path === undefined) return undefined;
  const text = readGivenFile(path, sources.readFile);
  const { foreignProblem } = await import('../tools/check-config/foreign-file.ts');
  const foreign = foreignProblem(text, path);
  if (foreign !== undefined) throw new ConfigError([foreign]);
  const chart = readChartValues(parseConfigFile(text, path));
  if (chart === undefined) return undefined;
  const { file, environment, notes } = chart;
  const flags = [{ name: '--config', value: path }, ...sources.flags];
  return { sources: { ...sources, flags, environment, unwrap: () => file }, notes };
}

function ownOf({ flags }: ConfigSources) {
  const given = flags.filter(({ name }) => isOwn(name));
  const isWithFiles = !given.some(({ name }) => name === '--without-files');
  const problems: Problem[] = given.flatMap(({ name, value = '' }) =>
    value === '' && name !== '--without-files'
      ? [{ path: '', source: `flag ${name}`, message: 'expected a value after it' }]
      : [],
  );
  const last = (flag: (typeof ownFlags)[number]) => given.findLast(({ name }) => name === flag)?.value;
  const [tests, tokenFile] = [last('--test'), last('--token-file')];
  if (tests !== undefined && tokenFile !== undefined)
    problems.push({ path: '', source: 'flag --test', message: 'beside --token-file; give one of the two' });
  const lonely = given.filter(({ name }) => ['--method', '--host', '--path'].includes(name));
  if (tokenFile === undefined)
    problems.push(
      ...lonely.map(({ name }) => ({ path: '', source: `flag ${name}`, message: 'only with --token-file' })),
    );
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    tests,
    tokenFile,
    isWithFiles,
    method: last('--method') ?? 'GET',
    host: last('--host') ?? 'localhost',
    path: last('--path') ?? '/',
    others: flags.filter(({ name }) => !isOwn(name)),
  };
}

function isOwn(name: string): boolean {
  return ownFlags.some((own) => own === name);
}

async function runTests(
  { config, notes }: Checked,
  tests: string,
  sources: ConfigSources,
): Promise<CommandResult> {
  const { runRuleTests } = await import('../tools/check-config/rule-tests.ts');
  const text = readGivenFile(tests, sources.readFile);
  try {
    const { output, failed } = await runRuleTests(config, text, tests, systemClock);
    return { output: commented(notes) + output, exitCode: failed === 0 ? 0 : 1 };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { output: `${commented(notes)}${formatProblems(error.problems, 'the table')}\n`, exitCode: 2 };
  }
}

async function tryTokenOf(
  { config, sources: used, notes }: Checked,
  request: { readonly method: string; readonly host: string; readonly path: string },
  file: string,
  { readFile }: ConfigSources,
  readInput: () => string,
): Promise<CommandResult> {
  const { tokenIn, tryToken } = await import('../tools/check-config/try-token.ts');
  const isInput = file === standardInput;
  const source = isInput ? 'standard input' : file;
  const token = tokenIn(readGivenFile(file, isInput ? readInput : readFile, source), source);
  const { output, exitCode } = await tryToken(config, used, { ...request, token }, systemClock);
  return { output: commented(notes) + output, exitCode, isAnswer: true };
}

/** The configuration as a file; what has no value is named in comments. */
function written(config: Config): string {
  const whole = withDerivedDefaults(config);
  return yamlText(writtenConfig(whole), { comments: absentOptions(whole) });
}

/** What is allowed and hardly ever meant. */
function warningsOf(config: Config): string[] {
  const isShared = config.issuers.some(({ audiences }) => (audiences?.length ?? 0) > 1);
  const careless = rulesOf(config).filter(
    ({ require }) => require !== undefined && require.audiences === undefined,
  );
  const tried = hasShadowMode(config)
    ? ['mode: shadow lets pass what would be createError; it is only for workloads that are open today']
    : [];
  const shared = careless.map(
    ({ name }) => `the rule ${name} names no audiences, so a token for any of its issuer's is good for it`,
  );
  return [...tried, ...(isShared ? shared : [])].map((warning) => `warning: ${warning}`);
}

function commented(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}\n`).join('');
}
