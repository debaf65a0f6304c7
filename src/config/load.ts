/** From file, environment and flags to one validated, frozen configuration, or to all that is wrong with them. */
import type * as z from 'zod';
import type { TellConflict } from './across-options.ts';
import { applyCompatDefaults } from './compat-defaults.ts';
import type { ConfigFile } from './file.ts';
import { named } from './issuer-names.ts';
import { dotted, leaves, titleAt } from './leaves.ts';
import { type Config, options } from './options.ts';
import { ConfigError, type Problem, suggestion } from './problems.ts';
import { ruleProblems } from './rule-problems.ts';
import {
  type GivenFlag,
  type Setting,
  type Settings,
  settingsOfEnvironment,
  settingsOfFlags,
} from './settings.ts';
import { isTree, type Tree } from './tree.ts';
import { maskUrls } from './urls.ts';

/** Where a configuration is read from. */
export interface ConfigSources {
  readonly flags: readonly GivenFlag[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a file as UTF-8 text; throws what the file system says. */
  readonly readFile: (path: string) => string;
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
  const flags = settingsOfFlags(sources.flags);
  const environment = settingsOfEnvironment(sources.environment);
  const problems = [...environment.problems, ...flags.problems];

  const file = await readConfigFile(configFileOf(sources), sources.readFile);
  if ('unreadable' in file) throw new ConfigError([...file.unreadable, ...problems]);
  const tree = structuredClone(file.tree) as Tree;
  const overrides = [...environment.settings, ...flags.settings];
  for (const { path, value } of overrides) assign(tree, path, value);
  const shortForm = applyShortForm(tree, [flags, environment], problems);
  applyCompatDefaults(tree);

  const parsed = options.safeParse(tree);
  const sourceOf = (path: readonly PropertyKey[]) =>
    [...overrides, ...shortForm].findLast((setting) => startsWith(path, setting.path))?.source ??
    file.place(path);
  if (!parsed.success)
    problems.push(...parsed.error.issues.flatMap((issue) => toProblems(issue, tree, sourceOf)));
  if (!parsed.success) throw new ConfigError(problems);
  const config: Config = { ...parsed.data, issuers: named(parsed.data.issuers) };
  problems.push(
    ...ruleProblems(config).map(({ path, message }) => ({
      path: dotted(path),
      source: sourceOf(path),
      message,
    })),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

async function readConfigFile(
  path: string | undefined,
  readFile: ConfigSources['readFile'],
): Promise<ConfigFile | { readonly unreadable: readonly Problem[] }> {
  if (path === undefined) return { tree: {}, place: () => '' };
  // Loaded when it is needed: the common case has no file.
  const { parseConfigFile } = await import('./file.ts');
  try {
    return parseConfigFile(readFile(path), path);
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

  const value = valueAt(tree, issue.path);
  if (path === 'issuers' && value === undefined) return [{ path, source, message: noIssuer }];
  const title = titleAt(issue.path);
  const isObjectWanted = issue.code === 'invalid_type' && issue.expected === 'object';
  const untitled = isObjectWanted ? 'expected names with values' : issue.message;
  const expected = title === undefined ? untitled : `expected ${title}`;
  return [
    {
      path,
      source,
      message: value === undefined ? `${expected}; it is missing` : `${expected}, not ${shown(value)}`,
    },
  ];
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

/** A value as a problem may show it: short, and without the credentials that a URL can hold. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isObject(value)) return 'names with values';
  const text = typeof value === 'string' ? JSON.stringify(maskUrls(value)) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
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
