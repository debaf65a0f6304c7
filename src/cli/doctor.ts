/** `oidc-authz doctor`: finds the mistakes in manifests that a mesh accepts without an error. */
import { readFileSync } from 'node:fs';
import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError, formatProblems, suggestion } from '../config/validate/problems.ts';
import { splitCommaList } from '../config/values/split-comma-list.ts';
import { systemClock } from '../runtime/time/clock.ts';
import { singleProblem } from '../tools/single-problem.ts';
import type { Command, ManualPage } from './command.ts';
import { readStandardInput } from './standard-input.ts';

const exitCode = { noErrors: 0, errors: 1, unreadable: 2, usage: 3 };

const outputs = ['text', 'json', 'sarif'] as const;

const page: ManualPage = {
  name: 'doctor',
  summary: 'find the silent mistakes of a mesh in its manifests',
  usage: ['oidc-authz doctor FILE… [--config FILE] [--output text|json|sarif] [--ignore IDS]'],
  about: [
    'Reads manifests and prints every mistake that the cluster accepts but that breaks or bypasses the checks, with its fix (docs/findings.md). FILE is a file, a folder or `-` for standard input. It may hold lists of kubectl or the output of helm template.',
    'The configuration of the service is FILE of --config, or the ConfigMap in the manifests.',
  ],
  flags: [
    {
      name: '--config',
      takes: 'FILE',
      text: 'The configuration of the service, or the values of the chart. Default: the one in the manifests.',
    },
    { name: '--output', takes: 'KIND', text: 'The output: text, json or sarif. Default: text.' },
    { name: '--ignore', takes: 'IDS', text: 'Ids of findings to leave out, such as K05,K07; repeatable.' },
    {
      name: '--authorizer',
      takes: 'NAME',
      text: 'Name of the entry in the mesh that is oidc-authz; repeatable. Default: found by the name oidc-authz or by its Service.',
    },
  ],
  takesConfig: false,
  exitCodes: {
    [exitCode.noErrors]: 'there is no error; there may be warnings and notes',
    [exitCode.errors]: 'there are errors; or Node is too old',
    [exitCode.unreadable]:
      'an input or the configuration cannot be read, or there is no object that doctor reads; stderr lists every problem',
    [exitCode.usage]: 'the command line is wrong',
  },
  examples: [
    'oidc-authz doctor deploy/ --config oidc-authz.yaml',
    'kubectl get istios.operator.kyma-project.io,apirules,services,deployments,configmaps -A -o yaml | oidc-authz doctor -',
    'helm template oidc-authz charts/oidc-authz --values values.yaml | oidc-authz doctor - --output sarif > doctor.sarif',
  ],
};

/** The input of the command. */
export interface DoctorSources {
  readonly words: readonly string[];
  readonly flags: readonly CommandLineFlag[];
  readonly readFile: (path: string) => string;
  readonly readInput: () => string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The output of the command, and its exit code. */
export interface DoctorResult {
  /** For standard output. */
  readonly output: string;
  /** For standard error. */
  readonly problems: string;
  readonly exitCode: number;
}

/** Diagnoses; the findings are on stdout, problems with the input are on stderr. */
export const doctorCommand: Command = {
  manual: [page],
  run: async ({ words: [, ...words], flags }) => {
    const result = await doctor({
      words,
      flags,
      readFile: (path) => readFileSync(path, 'utf8'),
      readInput: readStandardInput,
      now: systemClock.now(),
    });
    process.stdout.write(result.output);
    process.stderr.write(result.problems);
    process.exitCode = result.exitCode;
  },
};

/** Runs the command without its output. */
export async function doctor(sources: DoctorSources): Promise<DoctorResult> {
  let line: ReturnType<typeof parsedLine>;
  try {
    line = parsedLine(sources);
  } catch (error) {
    return failed(error, 'the command line', exitCode.usage);
  }
  try {
    return await diagnose(line, sources);
  } catch (error) {
    return failed(error, 'the input', exitCode.unreadable);
  }
}

async function diagnose(
  { paths, config, output, ignored, authorizers }: ReturnType<typeof parsedLine>,
  { readFile, readInput, now }: DoctorSources,
): Promise<DoctorResult> {
  const { readInputs } = await import('../tools/doctor/read/input.ts');
  const { diagnoseManifests } = await import('../tools/doctor/doctor.ts');
  const diagnosis = await diagnoseManifests({
    texts: readInputs(paths, { readFile, readInput }),
    ...(config !== undefined && { config: await namedConfig(config, readFile) }),
    authorizers,
    ignored,
    now,
  });
  const hasErrors = diagnosis.findings.some(({ severity }) => severity === 'error');
  return {
    output: await report(diagnosis, output),
    problems: '',
    exitCode: hasErrors ? exitCode.errors : exitCode.noErrors,
  };
}

async function report(
  diagnosis: Awaited<ReturnType<typeof import('../tools/doctor/doctor.ts').diagnoseManifests>>,
  output: (typeof outputs)[number],
): Promise<string> {
  if (output === 'json') return (await import('../tools/doctor/report/json.ts')).jsonReport(diagnosis);
  if (output === 'text') return (await import('../tools/doctor/report/text.ts')).textReport(diagnosis);
  const { manifestRules } = await import('../tools/doctor/rules.ts');
  return (await import('../tools/doctor/report/sarif.ts')).sarifReport(diagnosis, manifestRules);
}

/** Loads a configuration, or the configuration that the chart makes of its values. Reads no file that it names. */
async function namedConfig(file: string, readFile: (path: string) => string) {
  const { checkConfig } = await import('../tools/check-config/check-config.ts');
  const flags = [{ name: '--config', value: file }];
  const { result } = await checkConfig({ flags, environment: {}, readFile }, false);
  if ('problems' in result) throw new ConfigError(result.problems);
  return { config: result.config, source: file };
}

function parsedLine({ words, flags }: DoctorSources) {
  const known = page.flags.map(({ name }) => name);
  for (const { name, value = '' } of flags) {
    const source = `flag ${name}`;
    if (!known.includes(name)) throw singleProblem(source, `unknown flag${suggestion(name, known)}`);
    if (value === '') throw singleProblem(source, 'must have a value; write it after the flag');
  }
  const all = (flag: string) =>
    flags.flatMap(({ name, value }) => (name === flag && value !== undefined ? splitCommaList(value) : []));
  const last = (flag: string) => flags.findLast(({ name }) => name === flag)?.value;
  const wanted = last('--output') ?? 'text';
  const output = outputs.find((kind) => kind === wanted);
  if (output === undefined)
    throw singleProblem(
      'flag --output',
      `expected one of ${outputs.join(', ')}${suggestion(wanted, outputs)}`,
    );
  const ignored = all('--ignore');
  const invalid = ignored.find((id) => !/^K\d\d$/.test(id));
  if (invalid !== undefined)
    throw singleProblem('flag --ignore', `expected ids such as K05, got ${JSON.stringify(invalid)}`);
  if (words.length === 0)
    throw singleProblem('doctor', 'FILE is missing; name a file or a folder, or write - for standard input');
  return { paths: words, config: last('--config'), output, ignored, authorizers: all('--authorizer') };
}

function failed(error: unknown, of: string, code: number): DoctorResult {
  if (!(error instanceof ConfigError)) throw error;
  return { output: '', problems: `${formatProblems(error.problems, of)}\n`, exitCode: code };
}
