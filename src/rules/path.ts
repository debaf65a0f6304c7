/** The one reading of a path that rules are matched on (RFC 3986 sections 3.3 and 6.2.2), and what else servers make of it. */
import { plainest, withoutTail } from '../config/spelling.ts';

const hasOddCharacter = /[^\x21-\x7e]|[\\;#]/;
/** Where a segment could have another text elsewhere: an escape, a plus, or a dot at its end. */
const hasOtherSpelling = /[%+]|\.(?:\/|$)/;
/** A separator, a parameter, a query or a control character that was hidden, or a second layer of escapes. */
const hasHidden = /[/\\;?#]|\p{Cc}|%[0-9a-f]{2}|%u[0-9a-f]{4}/iu;

/** What other servers may make of a segment. */
export interface Spelling {
  /** Texts that it has to some of them, beside the one that it is read as. */
  readonly others: readonly string[];
  /** Whether common servers take it for another text: they cut off dots and white space, or normalise Unicode. */
  readonly isLoose: boolean;
  /** Whether it is the text that it is read as to all of them, also to those that decode nothing. */
  readonly isSure: boolean;
}

/**
 * Reads the path of a request: its segments, decoded once.
 *
 * @param target as received, query included
 * @returns undefined where two servers could read it differently: then nobody can say what a rule for it means
 */
export function readPath(target: string): readonly string[] | undefined {
  const path = pathOf(target);
  if (path.charCodeAt(0) !== 0x2f || hasOddCharacter.test(path)) return undefined;
  const segments = path.slice(1).split('/');
  // An empty segment is only clear at the end.
  for (let index = 0; index < segments.length - 1; index++) if (segments[index] === '') return undefined;
  // The common case: nothing to decode, and nothing that could be resolved.
  if (!path.includes('%') && !path.includes('/.')) return segments;
  const decoded: string[] = [];
  for (const segment of segments) {
    const text = segment === '' ? segment : decodedOnce(segment);
    if (text === undefined) return undefined;
    decoded.push(text);
  }
  return decoded;
}

/**
 * Finds what else servers make of the segments of a path; undefined where all agree.
 *
 * @param segments as {@link readPath} has read them
 */
export function otherSpellings(
  target: string,
  segments: readonly string[],
): readonly (Spelling | undefined)[] | undefined {
  const path = pathOf(target);
  if (!hasOtherSpelling.test(path)) return undefined;
  const raw = path.slice(1).split('/');
  const spellings = segments.map((text, index) => spellingOf(text, raw[index] ?? text));
  return spellings.some((spelling) => spelling !== undefined) ? spellings : undefined;
}

function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end < 0 ? target : target.slice(0, end);
}

/** What a segment is when decoded; undefined where that could be read as something else again. */
function decodedOnce(segment: string): string | undefined {
  let text = segment;
  try {
    if (segment.includes('%')) text = decodeURIComponent(segment);
  } catch {
    return undefined;
  }
  if (hasHidden.test(text)) return undefined;
  const plain = plainest(text);
  // A separator in other characters, or nothing but dots and white space: a step up, or nothing at all.
  return /[/\\]/.test(plain) || withoutTail(plain) === '' ? undefined : text;
}

function spellingOf(text: string, raw: string): Spelling | undefined {
  const composed = text.normalize('NFC');
  const loose = [composed, withoutTail(text), withoutTail(composed)].filter((other) => other !== text);
  const plain = plainest(text);
  const spaced = text.replaceAll('+', ' ');
  const rare = [plain, withoutTail(plain), spaced, withoutTail(spaced)].filter((other) => other !== text);
  const isSure = loose.length === 0 && (raw === text || raw === encoded(text));
  const others = [...new Set([...loose, ...rare])];
  return others.length === 0 && isSure ? undefined : { others, isLoose: loose.length > 0, isSure };
}

/** A segment as most clients write it: only what cannot stand in a path is escaped (RFC 3986 section 3.3). */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(?:40|3A|24|26|2B|2C|3D)/g, decodeURIComponent);
}
