/** Patterns of hosts and paths, as rules have them. None is a regular expression. */

/** A segment of a path pattern: a text, `{*}` for any one segment, or `{**}` for all that is left. */
export type SegmentPattern = { readonly literal: string } | 'one' | 'rest';

/** Says why a text is no pattern of hosts; undefined if it is one. */
export function hostPatternProblem(pattern: string): string | undefined {
  const name = pattern.replace(/^\*\./, '');
  if (name !== name.toLowerCase()) return 'expected a host in lower case';
  if (name.includes('*')) return 'a * is only understood as *. at the beginning';
  const isName = /^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(name);
  const isAddress = !pattern.startsWith('*') && /^\[[0-9a-f:.]+\]$/.test(name);
  return isName || isAddress
    ? undefined
    : 'expected a host without port, such as orders.example.com or *.example.com';
}

/** Says why a text is no pattern of paths; undefined if it is one. */
export function pathPatternProblem(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'expected a path that begins with /';
  if (pattern === '/*') return undefined;
  const segments = pattern.slice(1).split('/');
  if (segments.slice(0, -1).includes('{**}'))
    return '{**} stands for the rest, so nothing can come behind it';
  for (const segment of segments) {
    if (segment === '{*}' || segment === '{**}') continue;
    if (/[{}*]/.test(segment))
      return `${JSON.stringify(segment)}: {*} and {**} are whole segments, and * is only understood in /*`;
    if (/[?#;%\\]/.test(segment) || !/^[\x21-\x7e\u00a1-\uffff]*$/.test(segment))
      return 'expected a path as it is when decoded, without ? # ; % and backslash';
    if (segment === '.' || segment === '..')
      return 'a path is matched when its dot segments are resolved, so it has none';
  }
  return segments.slice(0, -1).includes('')
    ? 'a path with // is refused as ambiguous, so nothing would match this'
    : undefined;
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
