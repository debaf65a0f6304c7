/** Host and path patterns of rules. They are not regular expressions. */

import { quoteValue } from '../values/quote-value.ts';
import { rewriteProblem } from '../values/segment-rewrites.ts';

/** A segment of a path pattern: a literal, `{*}` for any one segment (`one`), or `{**}` for all remaining segments (`rest`). */
export type SegmentPattern = { readonly literal: string } | 'one' | 'rest';

/** Whether a host pattern names a port. */
export function hasPort(pattern: string): boolean {
  return /:[0-9]+$/.test(pattern);
}

/** Returns the problem of a path pattern, with the pattern; undefined if it is valid. */
export function pathPatternProblem(pattern: string): string | undefined {
  const problem = segmentProblem(pattern);
  return problem === undefined ? undefined : `${quoteValue(pattern)}: ${problem}`;
}

function segmentProblem(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'must begin with /';
  if (pattern === '/*') return undefined;
  const segments = pattern.slice(1).split('/');
  if (segments.slice(0, -1).includes('{**}'))
    return '{**} matches all remaining segments, so it must be the last segment';
  for (const segment of segments) {
    if (segment === '{*}' || segment === '{**}') continue;
    const part = JSON.stringify(segment);
    if (/[{}*]/.test(segment))
      return `${part}: {*} and {**} must be whole segments, and * is only allowed in /*${rewriteHint(segments)}`;
    const forbidden = /[?#;%\\]|[^\x21-\x7e\u00a1-\uffff]/.exec(segment)?.[0];
    if (forbidden !== undefined)
      return `${part} must not have ${quoteValue(forbidden)}; write the decoded path, without ? # ; % and backslash`;
    if (segment === '.' || segment === '..')
      return `must not have the segment ${part}, because a request with it is denied as ambiguous; remove it`;
    const problem = rewriteProblem(segment);
    if (problem !== undefined)
      return `${part} ${problem}, so a request with it is denied as ambiguous; change it`;
  }
  return segments.slice(0, -1).includes('')
    ? 'must not have //, because a request with it is denied as ambiguous; remove one /'
    : undefined;
}

/** Suggests the pattern for one in the syntax of another product: `/**` or `/*` at the end, `*` or `{name}` for a segment. */
function rewriteHint(segments: readonly string[]): string {
  const isName = /^(\*|\{\w+\})$/;
  const pathOf = (last: string) =>
    `/${[...segments.slice(0, -1).map((part) => (isName.test(part) ? '{*}' : part)), last].join('/')}`;
  const last = segments.at(-1) ?? '';
  const path = pathOf(last === '**' ? '{**}' : isName.test(last) ? '{*}' : last);
  if (/[{}*]/.test(path.replaceAll(/\/\{\*{1,2}\}(?=\/|$)/g, ''))) return '';
  return last === '*' ? `; write ${path}, or ${pathOf('{**}')} for all paths below it` : `; write ${path}`;
}

/** Parses a valid path pattern. */
export function readPathPattern(pattern: string): readonly SegmentPattern[] {
  if (pattern === '/*') return ['rest'];
  return pattern
    .slice(1)
    .split('/')
    .map((segment) => (segment === '{*}' ? 'one' : segment === '{**}' ? 'rest' : { literal: segment }));
}

/** Whether every host that `narrow` matches also matches `wide`. */
export function hostCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  return wide.startsWith('*.') && narrow.replace(/^\*/, 'x').endsWith(wide.slice(1));
}

/** Whether every path that `narrow` matches also matches `wide`. */
export function pathCovers(wide: string, narrow: string): boolean {
  const [outer, inner] = [readPathPattern(wide), readPathPattern(narrow)];
  for (const [index, pattern] of outer.entries()) {
    const other = inner[index];
    if (pattern === 'rest') return other !== undefined;
    if (other === undefined || other === 'rest') return false;
    // `{*}` does not match an empty segment.
    if (pattern === 'one' && (other === 'one' || other.literal !== '')) continue;
    if (pattern === 'one' || other === 'one' || other.literal !== pattern.literal) return false;
  }
  return inner.length === outer.length;
}

/** Differences between paths that a workload may ignore. */
export interface PathTolerance {
  readonly ignoreCase: boolean;
  readonly ignoreTrailingSlash: boolean;
}

/** Whether every path that `narrow` matches also matches `wide` for a workload with this tolerance. */
export function pathCoversTolerantly(
  wide: string,
  narrow: string,
  { ignoreCase, ignoreTrailingSlash }: PathTolerance,
): boolean {
  const [outer, inner] = ignoreCase ? [foldCase(wide), foldCase(narrow)] : [wide, narrow];
  if (pathCovers(outer, inner)) return true;
  return (
    ignoreTrailingSlash && pathCovers(outer, `/${toggleTrailingSlash(inner.slice(1).split('/')).join('/')}`)
  );
}

/** Whether `wide` itself, without the tolerance, matches every spelling that such a workload treats as a path of `narrow`. */
export function pathCoversAlike(
  wide: string,
  narrow: string,
  { ignoreCase, ignoreTrailingSlash }: PathTolerance,
): boolean {
  const segments = narrow.slice(1).split('/');
  const tolerant = segments.map((segment) =>
    // Only `{*}` and `{**}` match every case of a text.
    ignoreCase && /\p{L}/u.test(segment) ? unmatchable : segment,
  );
  const others = tolerant.at(-1) === '{**}' ? tolerant.slice(0, -1) : toggleTrailingSlash(tolerant);
  const all = ignoreTrailingSlash && others.length > 0 ? [tolerant, others] : [tolerant];
  return all.every((one) => pathCovers(wide, `/${one.join('/')}`));
}

/** A literal that no pattern contains. */
const unmatchable = '\0';

/** Folds case as servers do that convert to capitals first: sharp s becomes ss, long s becomes s, dotless i becomes i. */
export function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('\u0307', '');
}

/** Adds a trailing slash to segments, or removes it. */
export function toggleTrailingSlash(segments: readonly string[]): readonly string[] {
  if (segments.at(-1) !== '') return [...segments, ''];
  return segments.length === 1 ? segments : segments.slice(0, -1);
}
