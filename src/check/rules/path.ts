/** The one reading of a path that rules are matched on (RFC 3986 sections 3.3 and 6.2.2), and what else servers make of it. */
import { compatibilityForm, isRewritten, trimSegment } from '../../config/values/segment-rewrites.ts';

const hasOddCharacter = /[^\x21-\x7e]|[\\;#]/;
const hasEmptySegment = /^\/\/|\/\/./;
/** Nothing but dots and white space between slashes, a plus being a space to some: a step up, or nothing at all. */
const hasDotSegment = /\/[.+\s]+(?=\/|$)/u;
/** A parameter, a query or a control character that was hidden, or a second layer of escapes. */
const hasHidden = /[\\;?#]|\p{Cc}|%[0-9a-f]{2}|%u[0-9a-f]{4}/iu;
/** Where a segment could have another text elsewhere: an escape, a plus, or a dot at its end. */
const hasOtherSpelling = /[%+]|\.(?:\/|$)/;

/** What servers make of the segments of a path, where they do not agree. */
export interface Spellings {
  /** Whether common servers take any segment for another text: they cut off dots and white space, or normalise Unicode. */
  readonly isLoose: () => boolean;
  /** What they make of one segment; undefined where all agree. */
  readonly at: (index: number) => Spelling | undefined;
}

/** What servers make of one segment. */
export interface Spelling {
  /** Texts that it has to some of them, beside the one that it is read as. */
  readonly others: readonly string[];
  /** Whether it is the text that it is read as to all common ones, also to those that decode nothing. */
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
  // An empty segment is only clear at the end.
  if (path.includes('//')) return undefined;
  if ((path.includes('/.') || path.includes('/+')) && hasDotSegment.test(path)) return undefined;
  const text = path.includes('%') ? decodedOnce(path) : path;
  return text?.slice(1).split('/');
}

/**
 * Finds what else servers make of a path; undefined where all agree.
 *
 * @param segments as {@link readPath} has read them
 */
export function otherSpellings(target: string, segments: readonly string[]): Spellings | undefined {
  const path = pathOf(target);
  if (!hasOtherSpelling.test(path)) return undefined;
  const raw = path.slice(1).split('/');
  return {
    isLoose: () => segments.some(isRewritten),
    at: (index) => spellingOf(segments[index] ?? '', raw[index] ?? ''),
  };
}

function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end < 0 ? target : target.slice(0, end);
}

/** What a path is when decoded; undefined where that could be read as something else again. */
function decodedOnce(path: string): string | undefined {
  if (/%2f/i.test(path)) return undefined;
  let text: string;
  try {
    text = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (hasHidden.test(text)) return undefined;
  const plain = compatibilityForm(text);
  // A separator or a parameter in other characters, or a segment that is gone without those that nobody sees.
  const isOther =
    hasHidden.test(plain) || slashesOf(plain) !== slashesOf(text) || hasEmptySegment.test(plain);
  const isShorter = plain.endsWith('/') !== text.endsWith('/');
  return isOther || isShorter || hasDotSegment.test(plain) ? undefined : text;
}

function slashesOf(text: string): number {
  return text.split('/').length;
}

function spellingOf(text: string, raw: string): Spelling | undefined {
  const composed = text.normalize('NFC');
  const plain = compatibilityForm(text);
  const spaced = text.replaceAll('+', ' ');
  const all = [composed, plain, spaced, compatibilityForm(spaced)].flatMap((one) => [one, trimSegment(one)]);
  const others = [...new Set(all)].filter((other) => other !== text);
  const isSure = !isRewritten(text) && (raw === text || raw === encoded(text));
  return others.length === 0 && isSure ? undefined : { others, isSure };
}

/** A segment as most clients write it: only what cannot stand in a path is escaped (RFC 3986 section 3.3). */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(?:40|3A|24|26|2B|2C|3D)/g, decodeURIComponent);
}
