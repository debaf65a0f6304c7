/** `oidc-authz doctor`: finds the mistakes in manifests that a mesh accepts without an error. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError, formatProblems, suggestion } from '../config/validate/problems.ts';
import { splitCommaList } from '../config/values/split-comma-list.ts';
import { isOrigin } from '../config/values/urls.ts';
import { type Clock, systemClock } from '../runtime/time/clock.ts';
import { singleProblem } from '../tools/single-problem.ts';
import { adminTokenFlag, tlsFlags } from './access-flags.ts';
import type { Command, ManualPage } from './command.ts';
import { readStandardInput } from './standard-input.ts';

const exitCode = { noErrors: 0, errors: 1, unreadable: 2, usage: 3 };

const outputs = ['text', 'json', 'sarif'] as const;

const page: ManualPage = {
  name: 'doctor',
  summary: 'find the mistakes that a mesh does not report',
  usage: [
    'oidc-authz doctor FILE… [--config FILE] [--output text|json|sarif] [--ignore IDS]',
    'oidc-authz doctor --config FILE [--live] [--admin URL] [--envoy URL]',
  ],
  about: [
    'Reads manifests and prints every mistake that the cluster accepts but that breaks or bypasses the checks, with its fix (docs/findings.md). FILE is a file, a folder or `-` for standard input. It may hold lists of kubectl or the output of helm template.',
    'The configuration of the service is FILE of --config, or the ConfigMap in the manifests.',
    'With --envoy, it judges the configuration that an Envoy has really loaded. With --admin and --live, it asks the running service and its issuers (docs/doctor-live.md).',
  ],
  flags: [
    {
      name: '--config',
      takes: 'FILE',
      text: 'The configuration of the service, or the values of the chart. Default: the one in the manifests.',
    },
    { name: '--output', takes: 'KIND', text: 'The output: text, json or sarif. Default: text.' },
    { name: '--ignore', takes: 'IDS', text: 'IDs of findings to leave out, such as K05,K07; repeatable.' },
    {
      name: '--authorizer',
      takes: 'NAME',
      text: 'Name of the entry in the mesh that is oidc-authz; repeatable. Default: found by the name oidc-authz or by its Service.',
    },
    {
      name: '--envoy',
      takes: 'URL',
      text: 'The admin port of an Envoy, such as http://127.0.0.1:15000; repeatable.',
    },
    { name: '--live', text: 'Ask the issuers of the configuration: keys, metadata, clock, certificates.' },
    {
      name: '--admin',
      takes: 'URL',
      text: 'The admin listener of the running service, to ask for its state and its last denials; repeatable, to compare replicas.',
    },
    adminTokenFlag,
    ...tlsFlags,
  ],
  takesConfig: false,
  exitCodes: {
    [exitCode.noErrors]: 'there is no error; there may be warnings and notes',
    [exitCode.errors]: 'there are errors; or Node is too old',
    [exitCode.unreadable]:
      'an input or the configuration cannot be read, there is no object that doctor reads, or an admin port does not answer; stderr lists every problem',
    [exitCode.usage]: 'the command line is wrong',
  },
  examples: [
    'oidc-authz doctor deploy/ --config oidc-authz.yaml',
    'kubectl get istios.operator.kyma-project.io,apirules,services,deployments,configmaps -A -o yaml | oidc-authz doctor -',
    'helm template oidc-authz charts/oidc-authz --values values.yaml | oidc-authz doctor - --output sarif > doctor.sarif',
    'oidc-authz doctor --config oidc-authz.yaml --envoy http://127.0.0.1:15000',
    'oidc-authz doctor --config oidc-authz.yaml --live --admin http://127.0.0.1:8081',
  ],
};

/** The input of the command. */
export interface DoctorSources {
  readonly words: readonly string[];
  readonly flags: readonly CommandLineFlag[];
  readonly readFile: (path: string) => string;
  readonly readInput: () => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
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
  run: async ({ words: [, ...words], flags }, { environment }) => {
    const result = await doctor({
      words,
      flags,
      readFile: (path) => readFileSync(path, 'utf8'),
      readInput: readStandardInput,
      environment,
      clock: systemClock,
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
  { paths, config, output, ignored, authorizers, envoys, admins, asksIssuers }: ReturnType<typeof parsedLine>,
  { flags, readFile, readInput, environment, clock }: DoctorSources,
): Promise<DoctorResult> {
  const { readInputs } = await import('../tools/doctor/read/input.ts');
  const { diagnoseManifests } = await import('../tools/doctor/doctor.ts');
  const { diagnoseRunning } = await import('../tools/doctor/running.ts');
  const { sortFindings } = await import('../tools/doctor/rule.ts');
  const { originOf, readAdminAccess } = await import('./admin-access.ts');
  const { createFlagReader } = await import('./flag-reader.ts');
  const named = config === undefined ? undefined : await namedConfig(config, readFile);
  const manifests =
    paths.length === 0
      ? { findings: [], notes: [], objects: {}, files: 0 }
      : await diagnoseManifests({
          texts: readInputs(paths, { readFile, readInput }),
          ...(named !== undefined && { config: named }),
          authorizers,
          ignored,
          now: clock.now(),
        });
  const running = await diagnoseRunning({
    named: named ?? manifests.named,
    envoys: envoys.map((url) => ({
      origin: originOf(url, '--envoy', 'http://127.0.0.1:15000'),
      tls: { ca: undefined, cert: undefined, key: undefined },
      token: undefined,
      clock,
    })),
    admins: admins.map((url) => readAdminAccess(createFlagReader(flags), url, readFile)),
    asksIssuers,
    ignored,
    environment,
    readFile,
    clock,
    cores: availableParallelism(),
  });
  const diagnosis = {
    ...manifests,
    findings: sortFindings([...manifests.findings, ...running.findings]),
    notes: [...manifests.notes, ...running.notes],
  };
  const hasErrors = diagnosis.findings.some(({ severity }) => severity === 'error');
  return {
    output: await report(diagnosis, output),
    problems: '',
    exitCode: hasErrors ? exitCode.errors : exitCode.noErrors,
  };
}

async function report(
  diagnosis: import('../tools/doctor/doctor.ts').Diagnosis,
  output: (typeof outputs)[number],
): Promise<string> {
  if (output === 'json') {
    const { jsonReport } = await import('../tools/doctor/report/json.ts');
    return jsonReport(diagnosis);
  }
  if (output === 'text') {
    const { textReport } = await import('../tools/doctor/report/text.ts');
    return textReport(diagnosis);
  }
  const { declarations } = await import('../tools/doctor/declarations.ts');
  const { sarifReport } = await import('../tools/doctor/report/sarif.ts');
  return sarifReport(diagnosis, declarations);
}

/** Loads a configuration, or the configuration that the chart makes of its values. Reads no file that it names. */
async function namedConfig(file: string, readFile: (path: string) => string) {
  const { checkConfig } = await import('../tools/check-config/check-config.ts');
  const flags = [{ name: '--config', value: file }];
  const { result } = await checkConfig({ flags, environment: {}, readFile }, false);
  if ('problems' in result) throw new ConfigError(result.problems);
  return { config: result.config, source: file };
}

function parsedLine({ words, flags, environment }: DoctorSources) {
  const known = page.flags.map(({ name }) => name);
  for (const { name, value = '' } of flags) {
    const source = `flag ${name}`;
    if (!known.includes(name)) throw singleProblem(source, `unknown flag${suggestion(name, known)}`);
    const takesValue = page.flags.some((flag) => flag.name === name && flag.takes !== undefined);
    if (value === '' && takesValue) throw singleProblem(source, 'must have a value; write it after the flag');
  }
  const values = (flag: string) =>
    flags.flatMap(({ name, value }) => (name === flag && value !== undefined ? [value] : []));
  const all = (flag: string) => values(flag).flatMap(splitCommaList);
  const last = (flag: string) => values(flag).at(-1);
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
    throw singleProblem('flag --ignore', `expected IDs such as K05, got ${JSON.stringify(invalid)}`);
  const [config, admins] = [last('--config'), values('--admin')];
  const accessFlags = [adminTokenFlag, ...tlsFlags].map(({ name }) => name);
  if (admins.length === 0 && flags.some(({ name }) => accessFlags.includes(name)))
    throw singleProblem('doctor', 'the flags for the admin listener need --admin URL');
  const asksIssuers = flags.some(({ name }) => name === '--live');
  if (asksIssuers && config === undefined && words.length === 0)
    throw singleProblem('flag --live', 'needs the configuration whose issuers it asks; write --config FILE');
  const envoys = values('--envoy');
  for (const [flag, port] of [
    ['--envoy', 15000],
    ['--admin', 8081],
  ] as const)
    if (!values(flag).every(isOrigin))
      throw singleProblem(`flag ${flag}`, `expected a URL such as http://127.0.0.1:${port}, without a path`);
  if (words.length === 0 && config === undefined && admins.length === 0 && envoys.length === 0)
    throw singleProblem(
      'doctor',
      'FILE is missing; name a file or a folder, or write - for standard input; or use --config, --admin or --envoy',
    );
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    throw singleProblem(
      'environment NODE_TLS_REJECT_UNAUTHORIZED',
      '0 disables the verification of certificates; unset it, and use --ca-file for a private CA',
    );
  return {
    ...{ paths: words, config, output, ignored, authorizers: all('--authorizer') },
    ...{ envoys, admins, asksIssuers },
  };
}

function failed(error: unknown, of: string, code: number): DoctorResult {
  if (!(error instanceof ConfigError)) throw error;
  return { output: '', problems: `${formatProblems(error.problems, of)}\n`, exitCode: code };
}
