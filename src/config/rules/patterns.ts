/** Patterns of hosts and paths, as rules have them. None is a regular expression. */

import { spellingProblem } from '../values/path-spelling.ts';
import { shown } from '../values/quote.ts';

/** A segment of a path pattern: a text, `{*}` for any one segment, or `{**}` for all that is left. */
export type SegmentPattern = { readonly literal: string } | 'one' | 'rest';

/** Whether a pattern of hosts names a port. */
export function hasPort(pattern: string): boolean {
  return /:[0-9]+$/.test(pattern);
}

/** Says why a text is no pattern of paths, with the text; undefined if it is one. */
export function pathPatternProblem(pattern: string): string | undefined {
  const problem = partProblem(pattern);
  return problem === undefined ? undefined : `${shown(pattern)}: ${problem}`;
}

function partProblem(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'expected a path that begins with /';
  if (pattern === '/*') return undefined;
  const segments = pattern.slice(1).split('/');
  if (segments.slice(0, -1).includes('{**}'))
    return '{**} stands for the rest, so nothing can come behind it';
  for (const segment of segments) {
    if (segment === '{*}' || segment === '{**}') continue;
    const part = JSON.stringify(segment);
    if (/[{}*]/.test(segment))
      return `${part}: {*} and {**} are whole segments, and * is only understood in /*${otherWriting(segments)}`;
    const strange = /[?#;%\\]|[^\x21-\x7e\u00a1-\uffff]/.exec(segment)?.[0];
    if (strange !== undefined)
      return `${part} has ${shown(strange)}: expected a path as it is when decoded, without ? # ; % and backslash`;
    if (segment === '.' || segment === '..')
      return `a path with ${part} is refused as ambiguous, so nothing would match this`;
    const problem = spellingProblem(segment);
    if (problem !== undefined)
      return `${part} ${problem}, so it is refused as ambiguous, and nothing would match this`;
  }
  return segments.slice(0, -1).includes('')
    ? 'a path with // is refused as ambiguous, so nothing would match this'
    : undefined;
}

/** How a pattern is written here that is written as elsewhere: `/**` or `/*` at its end, `*` or `{name}` for a segment. */
function otherWriting(segments: readonly string[]): string {
  const isName = /^(\*|\{\w+\})$/;
  const pathOf = (last: string) =>
    `/${[...segments.slice(0, -1).map((part) => (isName.test(part) ? '{*}' : part)), last].join('/')}`;
  const last = segments.at(-1) ?? '';
  const path = pathOf(last === '**' ? '{**}' : isName.test(last) ? '{*}' : last);
  if (/[{}*]/.test(path.replaceAll(/\/\{\*{1,2}\}(?=\/|$)/g, ''))) return '';
  return last === '*' ? `; write ${path}, or ${pathOf('{**}')} for all below it` : `; write ${path}`;
}

/** The segments of a path pattern. */
export function readPathPattern(pattern: string): readonly SegmentPattern[] {
  if (pattern === '/*') return ['rest'];
  return pattern
    .slice(1)
    .split('/')
    .map((segment) => (segment === '{*}' ? 'one' : segment === '{**}' ? 'rest' : { literal: segment }));
}

/** Whether every host of one pattern is one of the other. */
export function hostCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  return wide.startsWith('*.') && narrow.replace(/^\*/, 'x').endsWith(wide.slice(1));
}

/** Whether every path of one pattern is one of the other. */
export function pathCovers(wide: string, narrow: string): boolean {
  const [outer, inner] = [readPathPattern(wide), readPathPattern(narrow)];
  for (const [index, pattern] of outer.entries()) {
    const other = inner[index];
    if (pattern === 'rest') return other !== undefined;
    if (other === undefined || other === 'rest') return false;
    // An empty segment is none: `{*}` does not stand for it.
    if (pattern === 'one' && (other === 'one' || other.literal !== '')) continue;
    if (pattern === 'one' || other === 'one' || other.literal !== pattern.literal) return false;
  }
  return inner.length === outer.length;
}

/** How far two paths may differ that are one to a server. */
export interface PathTolerance {
  readonly ignoreCase: boolean;
  readonly ignoreTrailingSlash: boolean;
}

/** Whether every path of one pattern is one of the other to a server that ignores case, or a slash at the end. */
export function pathCoversTolerantly(
  wide: string,
  narrow: string,
  { ignoreCase, ignoreTrailingSlash }: PathTolerance,
): boolean {
  const [outer, inner] = ignoreCase ? [folded(wide), folded(narrow)] : [wide, narrow];
  if (pathCovers(outer, inner)) return true;
  return ignoreTrailingSlash && pathCovers(outer, `/${withOtherEnd(inner.slice(1).split('/')).join('/')}`);
}

/** Whether a pattern has every path that is one of another's to such a server, and so all its spellings. */
export function pathCoversAlike(
  wide: string,
  narrow: string,
  { ignoreCase, ignoreTrailingSlash }: PathTolerance,
): boolean {
  const segments = narrow.slice(1).split('/');
  const alike = segments.map((segment) =>
    // Of a text in any case, no pattern has all but one that takes whatever stands there.
    ignoreCase && /\p{L}/u.test(segment) ? anyCase : segment,
  );
  const others = alike.at(-1) === '{**}' ? alike.slice(0, -1) : withOtherEnd(alike);
  const all = ignoreTrailingSlash && others.length > 0 ? [alike, others] : [alike];
  return all.every((one) => pathCovers(wide, `/${one.join('/')}`));
}

/** A text that no pattern has. */
const anyCase = '\0';

/** A text as it is to a server that ignores case, by way of capitals: a sharp s is SS there, a long s S, and a dotless i I. */
export function folded(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll('\u0307', '');
}

/** Segments with a slash at their end if they had none, and without it if they had. */
export function withOtherEnd(segments: readonly string[]): readonly string[] {
  if (segments.at(-1) !== '') return [...segments, ''];
  return segments.length === 1 ? segments : segments.slice(0, -1);
}
