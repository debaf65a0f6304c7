/** Turns issues of the schema into problems that show the value and the fix. Loaded only for an invalid configuration. */
import type * as z from 'zod';
import { dotted, listOptions, titleAt } from '../describe/option-list.ts';
import { isMapping, type Mapping } from '../values/mapping.ts';
import { quoteValue } from '../values/quote-value.ts';
import { valueAt } from '../values/value-at.ts';
import type { DescribeConflict } from './checked-config.ts';
import { correctLocation } from './option-location.ts';
import { type Problem, suggestion } from './problems.ts';

/** The validated input. */
export interface ValidationInput {
  readonly raw: Mapping;
  readonly sourceOf: (path: readonly PropertyKey[]) => string;
  /** Whether a configuration file was named. */
  readonly isFile: boolean;
}

/** Converts every issue into problems. */
export function problemsOfIssues(issues: readonly z.core.$ZodIssue[], input: ValidationInput): Problem[] {
  return issues.flatMap((issue) => toProblems(issue, input));
}

function toProblems(issue: z.core.$ZodIssue, { raw, sourceOf, isFile }: ValidationInput): Problem[] {
  const path = dotted(issue.path);
  const source = sourceOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const message = unknownMessage(issue.path, key, raw);
      return { path: dotted([...issue.path, key]), source: sourceOf([...issue.path, key]), message };
    });
  }
  if (issue.code === 'custom') {
    const describeConflict: DescribeConflict | undefined = issue.params?.describeConflict;
    if (describeConflict === undefined) return [{ path, source, message: issue.message }];
    const conflict = describeConflict((...option) => valueAt(raw, option) !== undefined);
    return [{ path: dotted(conflict.path), source: sourceOf(conflict.path), message: conflict.message }];
  }
  if (issue.code === 'invalid_key') return [{ path, source, message: keyMessage(issue) }];

  const value = valueAt(raw, issue.path);
  if (path === 'issuers' && value === undefined)
    return [{ path, source, message: isFile ? `must have at least one issuer; ${smallestFile}` : noIssuer }];
  const title = titleAt(issue.path);
  const isMappingExpected = issue.code === 'invalid_type' && issue.expected === 'object';
  if (isMappingExpected && title === undefined && Array.isArray(value) && value.length > 0)
    return [{ path, source, message: `must be a mapping ${mappingFor(issue.path, value)}, got a list` }];
  const untitled = isMappingExpected ? 'must be a mapping' : issue.message;
  const expected = title === undefined ? untitled : `must be ${title}`;
  if (value === undefined) return [{ path, source, message: `missing; set it to ${title ?? 'a mapping'}` }];
  const fix = !isMappingExpected && isPlaceholder(value) ? placeholderLeft : fixFor(path, value);
  return [{ path, source, message: `${expected}, got ${quoteValue(value)}${fix}` }];
}

/** The fix for an option without a value, which YAML reads as null. */
function fixFor(path: string, value: unknown): string {
  if (value !== null || /\]$/.test(path)) return '';
  return path.endsWith('.require')
    ? '; write `require: {}` to accept every valid token'
    : '; set a value, or remove the option';
}

const placeholderLeft = '; YAML reads `{…}` as a mapping: replace the placeholder';

/** Whether YAML read `{NAME}` or `{{ name }}` as this value: a mapping with names but without values. */
function isPlaceholder(value: unknown): boolean {
  return (
    isMapping(value) && Object.keys(value).length > 0 && Object.values(value).every((one) => one === null)
  );
}

/** Suggests the mapping that a list was probably meant for. */
function mappingFor(path: readonly PropertyKey[], value: readonly unknown[]): string {
  const prefix = `${dotted(path).replaceAll(/\[\d+\]/g, '[]')}.`;
  const below = listOptions().filter((option) => dotted(option.path).startsWith(prefix));
  const names = below
    .map((option) => dotted(option.path).slice(prefix.length))
    .filter((name) => !/[.[]/.test(name));
  const lists = names.filter((name) =>
    below.some((option) => dotted(option.path) === `${prefix}${name}` && /^a list\b/.test(option.title)),
  );
  const [only, ...more] = lists;
  const isPlain = value.every((one) => typeof one === 'string' && /^[\w@.*-]{1,40}$/.test(one));
  if (only === undefined || more.length > 0) return `with ${names.join(', ')}`;
  return `such as {${only}: [${isPlain && value.length <= 3 ? value.join(', ') : '…'}]}`;
}

/** The problem of the name in a mapping. */
function keyMessage({ issues }: z.core.$ZodIssueInvalidKey): string {
  const [first] = issues;
  return first?.code === 'custom' ? first.message : 'a name must not be empty; write a name';
}

/** Hints for options of an issuer at the top of the file, by their names in the short form and in the file. */
const issuerOptionHints: Readonly<Record<string, string>> = {
  issuer: '',
  audience: ', as the list `audiences`',
  audiences: '',
};

function unknownMessage(at: readonly PropertyKey[], key: string, raw: Mapping): string {
  const more = at.length === 0 && Object.hasOwn(issuerOptionHints, key) ? issuerOptionHints[key] : undefined;
  const place =
    more === undefined
      ? correctLocation(at, key, (section) => hasSection(raw, section))
      : `in \`issuers[]\`${more}`;
  const known = knownBelow(dotted(at));
  if (place === undefined) return `unknown option${suggestion(key, known) || listOf(known)}`;
  const other = more === undefined ? known.find((name) => singular(name) === singular(key)) : undefined;
  return other === undefined
    ? `unknown option here; it belongs ${place}`
    : `unknown option here; did you mean ${other}? An option of this name belongs ${place}`;
}

/** Whether a configuration has a section; `issuers[].login` is there if an issuer has it. */
function hasSection(raw: Mapping, section: string): boolean {
  const [top = '', below] = section.split('[].');
  const value = raw[top];
  if (below === undefined) return value !== undefined;
  return Array.isArray(value) && value.some((entry) => isMapping(entry) && entry[below] !== undefined);
}

/** Lists the known names if they fit into one line. */
function listOf(known: readonly string[]): string {
  return known.length > 0 && known.length <= 12
    ? `; the options here are ${known.join(', ')}`
    : '; docs/options.md lists the options';
}

function singular(name: string): string {
  return name.toLowerCase().replace(/s$/, '');
}

const noIssuer =
  'must have at least one issuer; set --issuer URL --audience NAME, or OIDC_AUTHZ_ISSUER and OIDC_AUTHZ_AUDIENCES, or `issuers` in a file (--config)';

const smallestFile = [
  'the smallest valid file is',
  '      issuers:',
  '        - issuer: https://issuer.example.com',
  '          audiences: [my-api]',
].join('\n');

/** The option names directly below a path, for suggestions. */
function knownBelow(path: string): string[] {
  const prefix = path === '' ? '' : `${path.replaceAll(/\[\d+\]/g, '[]')}.`;
  const below = listOptions()
    .map((option) => dotted(option.path))
    .filter((name) => name.startsWith(prefix));
  return [...new Set(below.map((name) => name.slice(prefix.length).split(/[.[]/)[0] ?? ''))];
}
