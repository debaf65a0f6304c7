/** Reads the command line of `explain`: what to ask, and about which request. */
import type { ConfigSources } from '../../config/load/load.ts';
import { type CommandLineFlag, configFlags } from '../../config/load/settings.ts';
import { ConfigError, type Problem } from '../../config/validate/problems.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { explain, explainDecision } from '../../tools/explain/explain.ts';
import type { ExplainResult } from '../../tools/explain/result.ts';
import { secretsOf } from '../../tools/explain/token-parts.ts';
import { singleProblem } from '../../tools/single-problem.ts';
import type { ManualPage } from '../command.ts';
import { createFlagReader, type FlagReader } from '../flag-reader.ts';
import type { Operands } from './operands.ts';
import { readRequest } from './read-request.ts';
import { readTarget } from './read-target.ts';

/** A command line that was read. */
export interface ExplainCommand {
  readonly ask: (clock: Clock) => Promise<ExplainResult>;
  readonly output: 'text' | 'json';
  /** Texts that the output must not have. */
  readonly secrets: readonly string[];
}

/** The ways to ask a running service. */
const remotes = ['--admin', '--grpc', '--http'] as const;

/** Flags that describe the request. A file describes a whole request. */
const ofRequest = ['--method', '--host', '--path', '--header', '--policy'];

/** Each flag that only some modes have. `--config` stands for a configuration. */
const modesOf: Readonly<Record<string, readonly string[]>> = {
  '--at': ['--config'],
  '--jwks': ['--config'],
  '--admin-token-file': ['--admin'],
  '--tls': ['--grpc'],
  '--ca-file': remotes,
  '--cert-file': remotes,
  '--key-file': remotes,
  '--policy': ['--config', '--admin', '--grpc'],
  '--path-prefix': ['--config', '--admin', '--http'],
};

/**
 * Reads the command line, and the files that it names.
 *
 * @throws ConfigError with every problem of the flags, or with those of a file
 */
export async function readCommand(
  sources: ConfigSources,
  operands: Operands,
  page: ManualPage,
  readInput: () => string,
): Promise<ExplainCommand> {
  const names = sources.flags.map(({ name }) => name);
  const chosen = remotes.filter((name) => names.includes(name));
  const mode = chosen[0] ?? '--config';
  // The configuration has a flag of this name too.
  const isOwn = ({ name }: CommandLineFlag) =>
    name !== '--config' &&
    (name !== '--admin-token-file' || mode === '--admin') &&
    page.flags.some((flag) => flag.name === name);
  const own = sources.flags.filter(isOwn);
  const others = sources.flags.filter((flag) => !isOwn(flag));
  const problems = [
    ...tokenProblems(others),
    ...valueProblems(own, page),
    ...chosen.slice(1).map((name) => flagProblem(name, `not allowed with ${mode}; keep one of the two`)),
    ...own.flatMap(({ name }) =>
      (modesOf[name] ?? [mode]).includes(mode) ? [] : [flagProblem(name, onlyWith(modesOf[name] ?? []))],
    ),
    ...operandProblems(operands, own, mode),
    ...(mode === '--config' ? [] : configProblems(others, mode, sources)),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  const flags = createFlagReader(own);
  const { id } = operands;
  const configured = { ...sources, flags: others };
  const output = outputKind(flags);
  if (id !== undefined) {
    const target = await readTarget(flags, configured);
    if (target.mode !== 'online') throw new TypeError('a decision ID needs the admin listener');
    return { ask: () => explainDecision(target.access, id), output, secrets: [] };
  }
  const request = readRequest(flags, operands.request, sources.readFile, readInput);
  const target = await readTarget(flags, configured);
  return {
    ask: (clock) => explain(target, request, flags.has('--show-claims'), clock),
    output,
    secrets: secretsOf(request),
  };
}

function outputKind(flags: FlagReader): 'text' | 'json' {
  const kind = flags.last('--output') ?? 'text';
  if (kind === 'text' || kind === 'json') return kind;
  throw singleProblem('flag --output', 'must be text or json');
}

/** Other users of the machine can read a command line. The value is not repeated. */
function tokenProblems(flags: readonly CommandLineFlag[]): Problem[] {
  return flags.flatMap(({ name }) =>
    name === '--token'
      ? [
          flagProblem(
            name,
            'a token on the command line is visible to other users; write it to a file for --token-file, or pipe it to --token-file -',
          ),
        ]
      : [],
  );
}

function valueProblems(own: readonly CommandLineFlag[], page: ManualPage): Problem[] {
  return own.flatMap(({ name, value = '' }) => {
    const takesValue = page.flags.find((flag) => flag.name === name)?.takes !== undefined;
    if (takesValue && value === '') return [flagProblem(name, 'must have a value; write it after the flag')];
    return !takesValue && value !== '' ? [flagProblem(name, 'takes no value')] : [];
  });
}

function operandProblems(
  { id, request }: Operands,
  own: readonly CommandLineFlag[],
  mode: string,
): Problem[] {
  const described = own.map(({ name }) => name).filter((name) => ofRequest.includes(name));
  if (id !== undefined) {
    const others = [...described, ...own.map(({ name }) => name).filter((name) => name === '--token-file')];
    return mode === '--admin'
      ? others.map((name) => flagProblem(name, 'not allowed with a decision ID'))
      : [
          {
            path: '',
            source: `argument ${id}`,
            message: 'a decision ID needs --admin URL: a running service has the decisions',
          },
        ];
  }
  if (request === undefined) return [];
  return described.map((name) =>
    flagProblem(name, `not allowed with ${request}, which describes the whole request`),
  );
}

/** A running service has a configuration. Another one on the command line could be mistaken for it. */
function configProblems(
  others: readonly CommandLineFlag[],
  mode: string,
  { hintOf }: ConfigSources,
): Problem[] {
  const known = [...configFlags(), '--token'];
  return others.flatMap(({ name, value }) => {
    if (name === '--token') return [];
    if (!known.includes(name)) return [flagProblem(name, `unknown flag${hintOf?.(name) ?? ''}`)];
    const message = `not allowed with ${mode}: a running service has its own configuration; remove one of the two`;
    return [name === '--config' ? { path: '', source: value ?? name, message } : flagProblem(name, message)];
  });
}

function onlyWith(modes: readonly string[]): string {
  const names = modes.map((mode) => (mode === '--config' ? 'a configuration (FILE)' : mode));
  return `only allowed with ${names.join(', ')}`;
}

function flagProblem(name: string, message: string): Problem {
  return { path: '', source: `flag ${name}`, message };
}
