/** From file, environment and flags to one validated, frozen configuration, or to all that is wrong with them. */

import { type Config, options } from '../declare/options.ts';
import { dotted } from '../describe/option-list.ts';
import { type RuleProblem, ruleProblems } from '../rules/rule-problems.ts';
import { named } from '../validate/issuer-names.ts';
import { ConfigError, type Problem } from '../validate/problems.ts';
import { straySpace, straySpaceProblem } from '../validate/stray-white-space.ts';
import { isTree, type Tree } from '../values/raw-values.ts';
import { applyCompatDefaults } from './compat-defaults.ts';
import type { ConfigFile } from './file.ts';
import {
  type GivenFlag,
  type Setting,
  type Settings,
  settingsOfEnvironment,
  settingsOfFlags,
} from './settings.ts';

/** Where a configuration is read from. */
export interface ConfigSources {
  readonly flags: readonly GivenFlag[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a file as UTF-8 text; throws what the file system says. */
  readonly readFile: (path: string) => string;
  /** What to say of a flag that is not known, behind `unknown flag`; undefined where nothing more is known of it. */
  readonly hintOf?: (flag: string) => string | undefined;
  /** Gives the configuration that a file holds; absent: the file is one. */
  readonly unwrap?: (file: ConfigFile) => ConfigFile;
  /** Says what a file is that is a configuration of something else; undefined where it is none that is known. */
  readonly foreignProblem?: (text: string, path: string) => Promise<Problem | undefined>;
  /** Finds what else is wrong with a configuration that cannot be used, e.g. with files that it names. */
  readonly alsoWrong?: (tree: Tree) => Promise<readonly Problem[]>;
}

/** The configuration file that flags or the environment name, if any. */
export function configFileOf({
  flags,
  environment,
}: Pick<ConfigSources, 'flags' | 'environment'>): string | undefined {
  return settingsOfFlags(flags).file ?? settingsOfEnvironment(environment).file;
}

/**
 * Reads the configuration. A flag wins over the environment, which wins over the file, which wins over the default.
 *
 * @throws ConfigError with every problem that was found
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const flags = settingsOfFlags(sources.flags, sources.hintOf);
  const environment = settingsOfEnvironment(sources.environment);
  const problems = [...environment.problems, ...flags.problems, ...fileNameProblems(flags, environment)];

  const path = configFileOf(sources);
  const file = await readConfigFile(path, sources);
  if ('unreadable' in file)
    throw (await foreignError(path, sources)) ?? new ConfigError([...file.unreadable, ...problems]);
  const tree = structuredClone(file.tree) as Tree;
  const overrides = [...environment.settings, ...flags.settings];
  for (const { path, value } of overrides) assign(tree, path, value);
  const shortForm = applyShortForm(tree, [flags, environment], problems);
  applyCompatDefaults(tree);

  const parsed = options.safeParse(tree);
  const issues = parsed.error?.issues ?? [];
  const sourceOf = (path: readonly PropertyKey[]) =>
    [...overrides, ...shortForm].findLast((setting) => startsWith(path, setting.path))?.source ??
    file.place(path);
  const told = ({ path, message }: Pick<RuleProblem, 'path' | 'message'>): Problem => ({
    path: dotted(path),
    source: sourceOf(path),
    message,
  });
  // What is said of the white space of a text is all that has to be said of it.
  const spaces = [...straySpace(tree), ...unusableNames(tree)].map(told);
  const isSaid = ({ path }: Problem) => spaces.some((space) => space.path === path);
  problems.push(...spaces);
  const refused = async () =>
    (await foreignError(path, sources)) ?? (await withOthers(problems, tree, sources));
  if (!parsed.success) {
    // Loaded only where something is wrong.
    const { problemsOfIssues } = await import('../validate/issue-problems.ts');
    const { ruleProblemsDespite } = await import('../validate/despite-problems.ts');
    const ofIssues = problemsOfIssues(issues, { tree, sourceOf, isFile: path !== undefined });
    problems.push(...ofIssues.filter((problem) => !isSaid(problem)));
    problems.push(...ruleProblemsDespite(tree, issues).map(told));
    throw await refused();
  }
  const config: Config = { ...parsed.data, issuers: named(parsed.data.issuers) };
  problems.push(...ruleProblems(config).map(told));
  if (problems.length > 0) throw await refused();
  return deepFreeze(config);
}

/** Where a file is the configuration of something else, nothing but that is worth telling. */
async function foreignError(
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

/** The problems of a configuration with those that only others can find; each place is told of once. */
async function withOthers(
  problems: readonly Problem[],
  tree: Tree,
  { alsoWrong = async () => [] }: ConfigSources,
): Promise<ConfigError> {
  const others = await alsoWrong(tree);
  const isTold = ({ path }: Problem) => problems.some((problem) => problem.path === path);
  return new ConfigError([...problems, ...others.filter((problem) => !isTold(problem))]);
}

/** The name of the file is a value like all others. */
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
  if (path === undefined) return { tree: {}, place: () => '' };
  // Loaded when it is needed: the common case has no file.
  const { parseConfigFile } = await import('./file.ts');
  try {
    return unwrap(parseConfigFile(readFile(path), path));
  } catch (error) {
    if (error instanceof ConfigError) return { unreadable: error.problems };
    return {
      unreadable: [{ path: '', source: path, message: `the file cannot be read: ${reasonOf(error)}` }],
    };
  }
}

/**
 * Puts the single issuer of flags or environment into the tree. An issuer that the file lists too keeps what the
 * file says of it; any other replaces the list. Audiences alone go to the only issuer there is.
 */
function applyShortForm(
  tree: Tree,
  [flags, environment]: [Settings, Settings],
  problems: Problem[],
): Setting[] {
  const issuer = flags.issuer ?? environment.issuer;
  const audiences = flags.audiences.value.length > 0 ? flags.audiences : environment.audiences;
  const applied: Setting[] = [];

  const listed = Array.isArray(tree.issuers) ? (tree.issuers as unknown[]) : [];
  if (issuer !== undefined) {
    const same = listed.find((entry) => isTree(entry) && entry.issuer === issuer.value);
    tree.issuers = [same ?? { issuer: issuer.value }];
    applied.push({ path: ['issuers'], value: undefined, source: issuer.source });
  }
  if (audiences.value.length > 0) {
    const [only, ...more] = Array.isArray(tree.issuers) ? (tree.issuers as unknown[]) : [];
    if (!isTree(only) || more.length > 0) {
      const message =
        only === undefined
          ? 'there is no issuer that they could be of'
          : 'there are several issuers; say in the file whose they are';
      problems.push({ path: '', source: audiences.source, message });
    } else {
      only.audiences = audiences.value;
      applied.push({ path: ['issuers', '0', 'audiences'], value: undefined, source: audiences.source });
    }
  }
  return applied;
}

/** The schema would pass over a value of this name, and what it demands would be lost. */
const unusableName = '__proto__';

function unusableNames(value: unknown, path: readonly (string | number)[] = []): RuleProblem[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const message = 'this name cannot be used here; write ["__proto__"] for a claim of this name';
    return [...(key === unusableName ? [{ path: at, message }] : []), ...unusableNames(member, at)];
  });
}

function assign(tree: Tree, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  if (tree[head] === undefined || tree[head] === null) tree[head] = {};
  const below = tree[head];
  if (isTree(below)) assign(below, rest, value);
}

function startsWith(path: readonly PropertyKey[], prefix: readonly string[]): boolean {
  return prefix.every((part, index) => String(path[index]) === part);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

function deepFreeze<T>(value: T): T {
  if (isObject(value) && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
