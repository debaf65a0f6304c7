/** Loads a configuration from a file, the environment and flags, validates it and freezes it. */
import type * as z from 'zod';
import { readProblem } from '../../runtime/files/read-problem.ts';
import { type Config, configSchema } from '../declare/options.ts';
import { dotted } from '../describe/option-list.ts';
import { type RuleProblem, ruleProblems } from '../rules/rule-problems.ts';
import { readValid } from '../schema/read.ts';
import type { Output } from '../schema/schema.ts';
import { nameIssuers } from '../validate/issuer-names.ts';
import { ConfigError, type Problem } from '../validate/problems.ts';
import { straySpace, straySpaceProblem } from '../validate/stray-white-space.ts';
import { isMapping, type Mapping } from '../values/mapping.ts';
import { applyCompatDefaults } from './compat-defaults.ts';
import type { ConfigFile } from './file.ts';
import {
  type CommandLineFlag,
  type Setting,
  type Settings,
  settingsOfEnvironment,
  settingsOfFlags,
} from './settings.ts';

/** The sources of a configuration. */
export interface ConfigSources {
  readonly flags: readonly CommandLineFlag[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a file as UTF-8 text; throws the error of the file system. */
  readonly readFile: (path: string) => string;
  /** Returns more about an unknown flag, to append to `unknown flag`; undefined without a hint. */
  readonly hintOf?: (flag: string) => string | undefined;
  /** Extracts the configuration from a file; absent: the file is the configuration. */
  readonly unwrap?: (file: ConfigFile) => ConfigFile;
  /** Detects the configuration of another product; undefined if it is not one. */
  readonly foreignProblem?: (text: string, path: string) => Promise<Problem | undefined>;
  /** Finds more problems of an invalid configuration, for example in the files that it names. */
  readonly findMoreProblems?: (raw: Mapping) => Promise<readonly Problem[]>;
}

/** Returns the configuration file that flags or the environment name. */
export function configFileOf({
  flags,
  environment,
}: Pick<ConfigSources, 'flags' | 'environment'>): string | undefined {
  return settingsOfFlags(flags).file ?? settingsOfEnvironment(environment).file;
}

/**
 * Loads the configuration. A flag overrides the environment, which overrides the file, which overrides the default.
 *
 * @throws ConfigError with every problem
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const flags = settingsOfFlags(sources.flags, sources.hintOf);
  const environment = settingsOfEnvironment(sources.environment);
  const problems = [...environment.problems, ...flags.problems, ...fileNameProblems(flags, environment)];

  const path = configFileOf(sources);
  const file = await readConfigFile(path, sources);
  if ('unreadable' in file)
    throw (await foreignConfigError(path, sources)) ?? new ConfigError([...file.unreadable, ...problems]);
  const raw = structuredClone(file.content) as Mapping;
  const overrides = [...environment.settings, ...flags.settings];
  for (const { path, value } of overrides) assign(raw, path, value);
  const shortForm = applyShortForm(raw, [flags, environment], problems);
  applyCompatDefaults(raw);

  const { data, issues } = await read(raw);
  const sourceOf = (path: readonly PropertyKey[]) =>
    [...overrides, ...shortForm].findLast((setting) => startsWith(path, setting.path))?.source ??
    file.place(path);
  const toProblem = ({ path, message }: Pick<RuleProblem, 'path' | 'message'>): Problem => ({
    path: dotted(path),
    source: sourceOf(path),
    message,
  });
  // Do not report a text with stray white space a second time.
  const spaces = [...straySpace(raw), ...reservedNames(raw)].map(toProblem);
  const isReported = ({ path }: Problem) => spaces.some((space) => space.path === path);
  problems.push(...spaces);
  const createError = async () =>
    (await foreignConfigError(path, sources)) ?? (await withMoreProblems(problems, raw, sources));
  if (data === undefined) {
    // Loaded only for an invalid configuration.
    const { problemsOfIssues } = await import('../validate/issue-problems.ts');
    const { ruleProblemsOfInvalidConfig } = await import('../validate/rules-of-invalid-config.ts');
    const ofIssues = problemsOfIssues(issues, { raw, sourceOf, isFile: path !== undefined });
    problems.push(...ofIssues.filter((problem) => !isReported(problem)));
    problems.push(...ruleProblemsOfInvalidConfig(raw, issues).map(toProblem));
    throw await createError();
  }
  const config: Config = { ...data, issuers: nameIssuers(data.issuers) };
  problems.push(...ruleProblems(config).map(toProblem));
  if (problems.length > 0) throw await createError();
  return deepFreeze(config);
}

/** Reads a configuration. zod is loaded only for an invalid one, to say why. */
async function read(raw: Mapping): Promise<{
  readonly data: Output<typeof configSchema> | undefined;
  readonly issues: readonly z.core.$ZodIssue[];
}> {
  const data = readValid(configSchema, raw);
  if (data !== undefined) return { data, issues: [] };
  const { zodOf } = await import('../schema/to-zod.ts');
  const parsed = zodOf(configSchema).safeParse(raw);
  return { data: parsed.data, issues: parsed.error?.issues ?? [] };
}

/** The configuration of another product has only this problem: all others follow from it. */
async function foreignConfigError(
  path: string | undefined,
  { readFile, foreignProblem }: ConfigSources,
): Promise<ConfigError | undefined> {
  if (path === undefined || foreignProblem === undefined) return undefined;
  let text: string;
  try {
    text = readFile(path);
  } catch {
    return undefined;
  }
  const problem = await foreignProblem(text, path);
  return problem === undefined ? undefined : new ConfigError([problem]);
}

/** Adds the problems that other checks find at paths without a problem. */
async function withMoreProblems(
  problems: readonly Problem[],
  raw: Mapping,
  { findMoreProblems = async () => [] }: ConfigSources,
): Promise<ConfigError> {
  const others = await findMoreProblems(raw);
  const isReported = ({ path }: Problem) => problems.some((problem) => problem.path === path);
  return new ConfigError([...problems, ...others.filter((problem) => !isReported(problem))]);
}

/** Checks the file name for stray white space too. */
function fileNameProblems(flags: Settings, environment: Settings): Problem[] {
  return (
    [
      [flags.file, 'flag --config'],
      [environment.file, 'environment OIDC_AUTHZ_CONFIG'],
    ] as const
  ).flatMap(([name, source]) => {
    const message = straySpaceProblem(name ?? '');
    return message === undefined ? [] : [{ path: '', source, message }];
  });
}

async function readConfigFile(
  path: string | undefined,
  { readFile, unwrap = (file) => file }: ConfigSources,
): Promise<ConfigFile | { readonly unreadable: readonly Problem[] }> {
  if (path === undefined) return { content: {}, place: () => '' };
  // Loaded only if a file is named.
  const { parseConfigFile } = await import('./file.ts');
  try {
    return unwrap(parseConfigFile(readFile(path), path));
  } catch (error) {
    if (error instanceof ConfigError) return { unreadable: error.problems };
    return {
      unreadable: [
        {
          path: '',
          source: path,
          message: `cannot read the file: ${readProblem(error)}; check its path and its permissions`,
        },
      ],
    };
  }
}

/**
 * Applies the issuer and the audiences of flags or the environment. If the file lists the issuer, its other options stay; any
 * other issuer replaces the list. Audiences without an issuer apply to the only issuer of the file.
 */
function applyShortForm(
  raw: Mapping,
  [flags, environment]: [Settings, Settings],
  problems: Problem[],
): Setting[] {
  const issuer = flags.issuer ?? environment.issuer;
  const audiences = flags.audiences.value.length > 0 ? flags.audiences : environment.audiences;
  const applied: Setting[] = [];

  const listed = Array.isArray(raw.issuers) ? (raw.issuers as unknown[]) : [];
  if (issuer !== undefined) {
    const same = listed.find((entry) => isMapping(entry) && entry.issuer === issuer.value);
    raw.issuers = [same ?? { issuer: issuer.value }];
    applied.push({ path: ['issuers'], value: undefined, source: issuer.source });
  }
  if (audiences.value.length > 0) {
    const [only, ...more] = Array.isArray(raw.issuers) ? (raw.issuers as unknown[]) : [];
    if (!isMapping(only) || more.length > 0) {
      const message =
        only === undefined
          ? 'audiences need an issuer; set --issuer or OIDC_AUTHZ_ISSUER too'
          : 'audiences are ambiguous with several issuers; set the audiences of each issuer in the file';
      problems.push({ path: '', source: audiences.source, message });
    } else {
      only.audiences = audiences.value;
      applied.push({ path: ['issuers', '0', 'audiences'], value: undefined, source: audiences.source });
    }
  }
  return applied;
}

/** A name that the schema ignores, so its requirement would be lost. */
const reservedName = '__proto__';

function reservedNames(value: unknown, path: readonly (string | number)[] = []): RuleProblem[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const message = 'must not be used as a name; write ["__proto__"] for a claim of this name';
    return [...(key === reservedName ? [{ path: at, message }] : []), ...reservedNames(member, at)];
  });
}

function assign(parent: Mapping, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    parent[head] = value;
    return;
  }
  if (parent[head] === undefined || parent[head] === null) parent[head] = {};
  const below = parent[head];
  if (isMapping(below)) assign(below, rest, value);
}

function startsWith(path: readonly PropertyKey[], prefix: readonly string[]): boolean {
  return prefix.every((part, index) => String(path[index]) === part);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function deepFreeze<T>(value: T): T {
  if (isObject(value) && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
