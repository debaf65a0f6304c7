/** Reads the path that rules match (RFC 3986 sections 3.3 and 6.2.2), and finds other ways in which servers read it. */

import { compatibilityForm, isRewritten, trimSegment } from '../../config/values/segment-rewrites.ts';
import { pathOf } from '../../runtime/path-of.ts';

const hasOddCharacter = /[^\x21-\x7e]|[\\;#]/;
const hasEmptySegment = /^\/\/|\/\/./;
/** A segment of only dots and white space: servers can remove it or go up a level. Some read a plus as a space. */
const hasDotSegment = /\/[.+\s]+(?=\/|$)/u;
/** An encoded parameter, query or control character, or an escape that is encoded twice. */
const hasHidden = /[\\;?#]|\p{Cc}|%[0-9a-f]{2}|%u[0-9a-f]{4}/iu;
/** A segment that some servers read differently has an escape, a plus, or a dot at its end. */
const hasOtherSpelling = /[%+]|\.(?:\/|$)/;

/** The other ways in which servers read the segments of a path. */
export interface Spellings {
  /** Whether common servers change a segment: they remove dots and white space at its end, or normalize Unicode. */
  readonly isLoose: () => boolean;
  /** The other readings of a segment; undefined if all servers agree. */
  readonly at: (index: number) => Spelling | undefined;
}

/** The readings of one segment. */
export interface Spelling {
  /** The texts that some servers read, other than ours. */
  readonly others: readonly string[];
  /** Whether all common servers read the same text as this service, including servers that decode nothing. */
  readonly isSure: boolean;
}

/**
 * Reads the path of a request: its segments, decoded once.
 *
 * @param target as received, query included
 * @returns undefined if servers can read the path differently, so that no rule can be selected safely
 */
export function readPath(target: string): readonly string[] | undefined {
  const path = pathOf(target);
  if (path.charCodeAt(0) !== 0x2f || hasOddCharacter.test(path)) return undefined;
  // An empty segment is unambiguous only at the end.
  if (path.includes('//')) return undefined;
  if ((path.includes('/.') || path.includes('/+')) && hasDotSegment.test(path)) return undefined;
  const text = path.includes('%') ? decodedOnce(path) : path;
  return text?.slice(1).split('/');
}

/**
 * Finds the other ways in which servers read a path; undefined if all agree.
 *
 * @param segments the result of {@link readPath}
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

/**
 * Describes why {@link readPath} cannot read a path.
 *
 * @returns a phrase such as `has two slashes in a row`; undefined if the path can be read
 */
export function pathAmbiguity(target: string): string | undefined {
  const path = pathOf(target);
  if (path.charCodeAt(0) !== 0x2f) return 'does not begin with /';
  if (hasOddCharacter.test(path))
    return 'has a backslash, a semicolon, a fragment, white space or a character outside ASCII that is not encoded';
  if (path.includes('//')) return 'has two slashes in a row';
  if (hasDotSegment.test(path)) return 'has a segment of only dots or plus signs, such as /../';
  if (readPath(target) !== undefined) return undefined;
  if (/%2f/i.test(path)) return 'has an encoded slash, %2F';
  return 'has an escape that is invalid, encoded twice, or stands for a separator, a control character or an invisible character';
}

/** Decodes a path once; undefined if the result can be decoded or read differently again. */
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
  // A separator or a parameter in look-alike characters, or a segment that is empty without its invisible characters.
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

/** A segment as most clients encode it: only characters that a path cannot contain are escaped (RFC 3986 section 3.3). */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(?:40|3A|24|26|2B|2C|3D)/g, decodeURIComponent);
}
