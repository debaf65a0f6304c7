/** `oidc-authz check-config`: lists the problems of a configuration, prints it, or tries requests with it. */

import type { ConfigSources } from '../config/load/load.ts';
import { ConfigError, formatProblems, type Problem } from '../config/validate/problems.ts';
import { systemClock } from '../runtime/time/clock.ts';
import type { UsableConfig } from '../tools/check-config/check-config.ts';
import { readInputFile } from '../tools/input-file.ts';
import type { Command, ManualPage } from './command.ts';
import { configSources } from './config-sources.ts';
import { createFlagReader } from './flag-reader.ts';
import { readStandardInput } from './standard-input.ts';

const exitCode = { good: 0, notAsExpected: 1, wrong: 2 };

const page: ManualPage = {
  name: 'check-config',
  summary: 'list the problems of a configuration, or try a token',
  usage: [
    'oidc-authz check-config [FILE]',
    'oidc-authz check-config [FILE] --token-file FILE [--method M] [--host H] [--path P]',
    'oidc-authz check-config [FILE] --test TABLE',
  ],
  about: [
    'Prints the configuration with every default, or lists every problem. FILE may also hold the values of the Helm chart. The command then checks the configuration that the chart makes of them.',
    'With --token-file, it fetches the keys and prints the answer to a check with that token, with the reason. It never prints the token.',
    'With --test, it runs a table of requests (docs/rules.md). It fetches nothing and treats every token as correctly signed.',
  ],
  flags: [
    {
      name: '--config',
      takes: 'FILE',
      text: 'The configuration file, or the values of the chart; the same as FILE.',
    },
    { name: '--token-file', takes: 'FILE', text: 'A file with one token; `-` is standard input.' },
    { name: '--method', takes: 'M', text: 'Method of the request with the token. Default: GET.' },
    { name: '--host', takes: 'H', text: 'Host of that request. Default: localhost.' },
    { name: '--path', takes: 'P', text: 'Path of that request. Default: /.' },
    {
      name: '--without-files',
      text: 'Do not read the files that the configuration names (keys, certificates, the deny list).',
    },
    {
      name: '--test',
      takes: 'TABLE',
      text: 'A YAML file with requests and the expected decision for each.',
    },
  ],
  takesConfig: true,
  exitCodes: {
    [exitCode.good]:
      'the configuration is valid; with --token-file: the request is allowed; with --test: every decision is as expected',
    [exitCode.notAsExpected]:
      'with --token-file: the request is denied; with --test: a decision is not as expected; or Node is too old',
    [exitCode.wrong]: 'the command line, the configuration or the table is wrong; stderr lists every problem',
  },
  examples: [
    'oidc-authz check-config oidc-authz.yaml',
    'oidc-authz check-config values.yaml --token-file token.txt --path /orders/1',
    'get-token | oidc-authz check-config oidc-authz.yaml --token-file -',
  ],
};

/** The name of standard input. */
const standardInput = '-';

/** The output of the command, and its exit code. */
interface CheckResult {
  readonly output: string;
  readonly exitCode: number;
  /** Whether the output is the requested answer, regardless of the exit code, and so belongs on stdout. */
  readonly isAnswer?: boolean;
}

/** Checks; the configuration or the answer is on stdout, problems are on stderr. */
export const checkConfigCommand: Command = {
  manual: [page],
  run: async (line, self) => {
    const sources = await configSources(line, self, page, true);
    const { output, exitCode: code, isAnswer = code === exitCode.good } = await checkConfig(sources);
    (isAnswer ? process.stdout : process.stderr).write(output);
    process.exitCode = code;
  },
};

/** Runs the command without its output. The flags of the sources hold the command's own flags too. */
export async function checkConfig(
  sources: ConfigSources,
  readInput: () => string = readStandardInput,
): Promise<CheckResult> {
  const notes: string[] = [];
  try {
    const own = ownFlags(sources);
    const tool = await import('../tools/check-config/check-config.ts');
    const checked = await tool.checkConfig({ ...sources, flags: own.others }, own.readsFiles);
    notes.push(...checked.notes);
    if ('problems' in checked.result) throw new ConfigError(checked.result.problems);
    if (own.table !== undefined) return await runTable(checked.result, notes, own.table, sources);
    if (own.tokenFile !== undefined)
      return await runRequest(checked.result, notes, own, own.tokenFile, sources, readInput);
    const { config } = checked.result;
    const { configText, configWarnings } = await import('../tools/check-config/print-config.ts');
    const { loginLines, loginWarnings } = await import('../tools/check-config/describe-login.ts');
    const { stateLines, stateWarnings } = await import('../tools/check-config/describe-state.ts');
    const about = [
      ...[...loginLines(config), ...stateLines(config)],
      ...[...configWarnings(config), ...loginWarnings(config), ...stateWarnings(config)],
    ];
    return {
      output: comments([...notes, ...about]) + configText(config),
      exitCode: exitCode.good,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { output: `${comments(notes)}${formatProblems(error.problems)}\n`, exitCode: exitCode.wrong };
  }
}

/** Splits the command's own flags from the flags of the configuration. */
function ownFlags({ flags }: ConfigSources) {
  const isOwn = (name: string) => name !== '--config' && page.flags.some((flag) => flag.name === name);
  const own = flags.filter(({ name }) => isOwn(name));
  const { last } = createFlagReader(own);
  const problem = (flag: string, message: string): Problem => ({
    path: '',
    source: `flag ${flag}`,
    message,
  });
  const [table, tokenFile] = [last('--test'), last('--token-file')];
  const problems = own.flatMap(({ name, value = '' }) =>
    value === '' && name !== '--without-files'
      ? [problem(name, 'must have a value; write it after the flag')]
      : [],
  );
  if (table !== undefined && tokenFile !== undefined)
    problems.push(problem('--test', 'not allowed with --token-file; keep one of the two'));
  const ofRequest = own.filter(({ name }) => ['--method', '--host', '--path'].includes(name));
  if (tokenFile === undefined)
    problems.push(...ofRequest.map(({ name }) => problem(name, 'only allowed with --token-file')));
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    table,
    tokenFile,
    readsFiles: !own.some(({ name }) => name === '--without-files'),
    method: last('--method') ?? 'GET',
    host: last('--host') ?? 'localhost',
    path: last('--path') ?? '/',
    others: flags.filter(({ name }) => !isOwn(name)),
  };
}

async function runTable(
  { config }: UsableConfig,
  notes: readonly string[],
  table: string,
  { readFile }: ConfigSources,
): Promise<CheckResult> {
  const { runRuleTests } = await import('../tools/check-config/rule-tests.ts');
  const text = readInputFile(table, readFile);
  try {
    const { output, failed } = await runRuleTests(config, text, table, systemClock);
    return {
      output: comments(notes) + output,
      exitCode: failed === 0 ? exitCode.good : exitCode.notAsExpected,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = formatProblems(error.problems, 'the table');
    return { output: `${comments(notes)}${problems}\n`, exitCode: exitCode.wrong };
  }
}

async function runRequest(
  { config, sources: used }: UsableConfig,
  notes: readonly string[],
  request: { readonly method: string; readonly host: string; readonly path: string },
  file: string,
  { readFile }: ConfigSources,
  readInput: () => string,
): Promise<CheckResult> {
  const { tryToken } = await import('../tools/check-config/try-token.ts');
  const { credentialIn } = await import('../tools/token-input.ts');
  const isInput = file === standardInput;
  const source = isInput ? 'standard input' : file;
  const text = readInputFile(file, isInput ? readInput : readFile, source);
  const { token } = credentialIn(text, source, ['Bearer']);
  const { output, isAllowed } = await tryToken(config, used, { ...request, token }, systemClock);
  return {
    output: comments(notes) + output,
    exitCode: isAllowed ? exitCode.good : exitCode.notAsExpected,
    isAnswer: true,
  };
}

function comments(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}\n`).join('');
}
