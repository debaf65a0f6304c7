/** From file, environment and flags to one validated, frozen configuration, or to all that is wrong with them. */
import type * as z from 'zod';
import type { TellConflict } from './across-options.ts';
import { applyCompatDefaults } from './compat-defaults.ts';
import { ruleProblemsDespite } from './despite-problems.ts';
import type { ConfigFile } from './file.ts';
import { named } from './issuer-names.ts';
import { dotted, leaves, titleAt } from './leaves.ts';
import { type Config, options } from './options.ts';
import { ConfigError, type Problem, suggestion } from './problems.ts';
import { type RuleProblem, ruleProblems } from './rule-problems.ts';
import {
  type GivenFlag,
  type Setting,
  type Settings,
  settingsOfEnvironment,
  settingsOfFlags,
} from './settings.ts';
import { shown } from './shown.ts';
import { straySpace, straySpaceProblem } from './stray-space.ts';
import { isTree, type Tree } from './tree.ts';

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

  const file = await readConfigFile(configFileOf(sources), sources);
  if ('unreadable' in file) throw new ConfigError([...file.unreadable, ...problems]);
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
  problems.push(
    ...spaces,
    ...issues.flatMap((issue) => toProblems(issue, tree, sourceOf)).filter((problem) => !isSaid(problem)),
  );
  if (!parsed.success) throw new ConfigError([...problems, ...ruleProblemsDespite(tree, issues).map(told)]);
  const config: Config = { ...parsed.data, issuers: named(parsed.data.issuers) };
  problems.push(...ruleProblems(config).map(told));
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
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

function toProblems(
  issue: z.core.$ZodIssue,
  tree: Tree,
  sourceOf: (path: readonly PropertyKey[]) => string,
): Problem[] {
  const path = dotted(issue.path);
  const source = sourceOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const message = `unknown option${suggestion(key, knownBelow(path))}`;
      return { path: dotted([...issue.path, key]), source: sourceOf([...issue.path, key]), message };
    });
  }
  if (issue.code === 'custom') {
    const tell: TellConflict | undefined = issue.params?.tell;
    if (tell === undefined) return [{ path, source, message: issue.message }];
    const told = tell((...option) => valueAt(tree, option) !== undefined);
    return [{ path: dotted(told.path), source: sourceOf(told.path), message: told.message }];
  }
  if (issue.code === 'invalid_key') return [{ path, source, message: keyMessage(issue) }];

  const value = valueAt(tree, issue.path);
  if (path === 'issuers' && value === undefined) return [{ path, source, message: noIssuer }];
  const title = titleAt(issue.path);
  const isObjectWanted = issue.code === 'invalid_type' && issue.expected === 'object';
  const untitled = isObjectWanted ? 'expected names with values' : issue.message;
  const expected = title === undefined ? untitled : `expected ${title}`;
  if (value === undefined) return [{ path, source, message: `${expected}; it is missing` }];
  return [{ path, source, message: `${expected}, not ${shown(value)}${mendOf(path, value)}` }];
}

/** What to write instead of nothing: YAML takes a name without a value for null. */
function mendOf(path: string, value: unknown): string {
  if (value !== null || /\]$/.test(path)) return '';
  return path.endsWith('.require')
    ? ', as where nothing stands behind it; write `require: {}` for a good token, whatever it says'
    : ', as where nothing stands behind it; give it a value, or leave it out';
}

/** What is wrong with a name that stands before a value. */
function keyMessage({ issues }: z.core.$ZodIssueInvalidKey): string {
  const [first] = issues;
  return first?.code === 'custom' ? first.message : 'expected a name that is not empty';
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

const noIssuer =
  'expected at least one issuer: --issuer URL --audience NAME, OIDC_AUTHZ_ISSUER and OIDC_AUTHZ_AUDIENCES, or `issuers` in a file named by --config';

/** The names that stand directly below a path, for suggestions. */
function knownBelow(path: string): string[] {
  const prefix = path === '' ? '' : `${path.replaceAll(/\[\d+\]/g, '[]')}.`;
  const below = leaves()
    .map((leaf) => dotted(leaf.path))
    .filter((name) => name.startsWith(prefix));
  return [...new Set(below.map((name) => name.slice(prefix.length).split(/[.[]/)[0] ?? ''))];
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

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, part) =>
      isObject(node) && Object.hasOwn(node, part) ? node[part as keyof typeof node] : undefined,
    tree,
  );
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
