/** The one reading of a path that rules are matched on (RFC 3986 sections 3.3, 5.2.4 and 6.2.2). */

const hasOddCharacter = /[^\x21-\x7e]|[\\;#]/;

/**
 * Reads the path of a request: its segments, decoded once, dot segments resolved.
 *
 * @param target as received, query included
 * @returns undefined where two servers could read it differently: then nobody can say what a rule for it means
 */
export function readPath(target: string): readonly string[] | undefined {
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  if (path.charCodeAt(0) !== 0x2f || hasOddCharacter.test(path)) return undefined;
  // The common case: nothing to decode, nothing to resolve.
  const segments = path.slice(1).split('/');
  const isPlain = !path.includes('%') && !path.includes('/.');
  const decoded = isPlain ? segments : resolved(segments);
  if (decoded === undefined) return undefined;
  // An empty segment is only clear at the end.
  for (let index = 0; index < decoded.length - 1; index++) if (decoded[index] === '') return undefined;
  return decoded;
}

function resolved(segments: readonly string[]): string[] | undefined {
  const path: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '.' || segment === '..') {
      if (segment === '..' && path.pop() === undefined) return undefined;
      if (isLast) path.push('');
      continue;
    }
    const text = decodedOnce(segment);
    if (text === undefined) return undefined;
    path.push(text);
  }
  return path;
}

/** What a segment is when decoded; undefined where that could be read as something else again. */
function decodedOnce(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    return undefined;
  }
  // A separator, a parameter, a query or a control character that was hidden; a second layer; a dot segment in disguise.
  if (/[/\\;?#]|\p{Cc}|%[0-9a-f]{2}/iu.test(text)) return undefined;
  return text === '.' || text === '..' ? undefined : text;
}

/** A Host header as rules compare it: in lower case, without port and final dot (RFC 9110 section 4.2.3). */
export function normalHost(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}
