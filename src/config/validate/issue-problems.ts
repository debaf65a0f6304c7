/** What the validation finds wrong with a configuration, in words that show the value and what to do; loaded only where there is something. */
import type * as z from 'zod';
import { dotted, leaves, titleAt } from '../describe/option-list.ts';
import { shown } from '../values/quote.ts';
import { isTree, type Tree } from '../values/raw-values.ts';
import type { TellConflict } from './across-options.ts';
import { otherPlace } from './misplaced-options.ts';
import { type Problem, suggestion } from './problems.ts';

/** What was validated. */
export interface Validated {
  readonly tree: Tree;
  readonly sourceOf: (path: readonly PropertyKey[]) => string;
  /** Whether a file was named. */
  readonly isFile: boolean;
}

/** Tells each thing that is wrong, once. */
export function problemsOfIssues(issues: readonly z.core.$ZodIssue[], validated: Validated): Problem[] {
  return issues.flatMap((issue) => toProblems(issue, validated));
}

function toProblems(issue: z.core.$ZodIssue, { tree, sourceOf, isFile }: Validated): Problem[] {
  const path = dotted(issue.path);
  const source = sourceOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const message = unknownMessage(issue.path, key);
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
  if (path === 'issuers' && value === undefined)
    return [{ path, source, message: isFile ? `expected at least one issuer; ${smallest}` : noIssuer }];
  const title = titleAt(issue.path);
  const isObjectWanted = issue.code === 'invalid_type' && issue.expected === 'object';
  if (isObjectWanted && title === undefined && Array.isArray(value) && value.length > 0)
    return [{ path, source, message: `expected a mapping ${mappingFor(issue.path, value)}, not a list` }];
  const untitled = isObjectWanted ? 'expected names with values' : issue.message;
  const expected = title === undefined ? untitled : `expected ${title}`;
  if (value === undefined) return [{ path, source, message: `${expected}; it is missing` }];
  const mend = !isObjectWanted && isPlaceholder(value) ? placeholderLeft : mendOf(path, value);
  return [{ path, source, message: `${expected}, not ${shown(value)}${mend}` }];
}

/** What to write instead of nothing: YAML takes a name without a value for null. */
function mendOf(path: string, value: unknown): string {
  if (value !== null || /\]$/.test(path)) return '';
  return path.endsWith('.require')
    ? ', as where nothing stands behind it; write `require: {}` for a good token, whatever it says'
    : ', as where nothing stands behind it; give it a value, or leave it out';
}

const placeholderLeft = '; a `{…}` here is a YAML mapping: is a placeholder left in?';

/** Whether a value is what YAML makes of `{NAME}` or `{{ name }}`: names without values. */
function isPlaceholder(value: unknown): boolean {
  return isTree(value) && Object.keys(value).length > 0 && Object.values(value).every((one) => one === null);
}

/** What a list was meant for, where names with values must be. */
function mappingFor(path: readonly PropertyKey[], value: readonly unknown[]): string {
  const prefix = `${dotted(path).replaceAll(/\[\d+\]/g, '[]')}.`;
  const below = leaves().filter((leaf) => dotted(leaf.path).startsWith(prefix));
  const names = below
    .map((leaf) => dotted(leaf.path).slice(prefix.length))
    .filter((name) => !/[.[]/.test(name));
  const lists = names.filter((name) =>
    below.some((leaf) => dotted(leaf.path) === `${prefix}${name}` && /^a list\b/.test(leaf.title)),
  );
  const [only, ...more] = lists;
  const isPlain = value.every((one) => typeof one === 'string' && /^[\w@.*-]{1,40}$/.test(one));
  if (only === undefined || more.length > 0) return `with ${names.join(', ')}`;
  return `such as {${only}: [${isPlain && value.length <= 3 ? value.join(', ') : '…'}]}`;
}

/** What is wrong with a name that stands before a value. */
function keyMessage({ issues }: z.core.$ZodIssueInvalidKey): string {
  const [first] = issues;
  return first?.code === 'custom' ? first.message : 'expected a name that is not empty';
}

/** What is known of an issuer, by the names of the short form and of a file. */
const ofIssuer: Readonly<Record<string, string>> = {
  issuer: '',
  audience: ', as the list `audiences`',
  audiences: '',
};

function unknownMessage(at: readonly PropertyKey[], key: string): string {
  const more = at.length === 0 && Object.hasOwn(ofIssuer, key) ? ofIssuer[key] : undefined;
  const place = more === undefined ? otherPlace(at, key) : `below \`issuers[]\`${more}`;
  const known = knownBelow(dotted(at));
  if (place === undefined) return `unknown option${suggestion(key, known)}`;
  const other = more === undefined ? known.find((name) => singular(name) === singular(key)) : undefined;
  return other === undefined
    ? `unknown option here; it belongs ${place}`
    : `unknown option here; did you mean ${other}? One of this name is ${place}`;
}

function singular(name: string): string {
  return name.toLowerCase().replace(/s$/, '');
}

const noIssuer =
  'expected at least one issuer: --issuer URL --audience NAME, OIDC_AUTHZ_ISSUER and OIDC_AUTHZ_AUDIENCES, or `issuers` in a file named by --config';

const smallest = [
  'the smallest file is',
  '      issuers:',
  '        - issuer: https://issuer.example.com',
  '          audiences: [my-api]',
].join('\n');

/** The names that stand directly below a path, for suggestions. */
function knownBelow(path: string): string[] {
  const prefix = path === '' ? '' : `${path.replaceAll(/\[\d+\]/g, '[]')}.`;
  const below = leaves()
    .map((leaf) => dotted(leaf.path))
    .filter((name) => name.startsWith(prefix));
  return [...new Set(below.map((name) => name.slice(prefix.length).split(/[.[]/)[0] ?? ''))];
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, part) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, part)
        ? node[part as keyof typeof node]
        : undefined,
    tree,
  );
}
