/** Encodes a claim as the value of a header, or returns why it cannot be one. */
import type { HeaderEncoding } from '../config/declare/header-options.ts';
import { scalarText } from '../credential/token/claims.ts';
import type { WithheldCause } from '../model/forwarding.ts';

/** Maximum size of a forwarded value, in bytes. */
export const maxValueBytes = 4 * 1024;

/** The value of a header, without `text` if there is none, and why values are withheld. */
export interface HeaderValue {
  readonly text?: string;
  readonly withheld: readonly WithheldCause[];
}

/** An absent claim. */
export const absent: HeaderValue = { withheld: [] };

/** Encodes a claim. */
export type WriteValue = (claim: unknown) => HeaderValue;

/** Creates the function that encodes claims. */
export function createWriteValue(encoding: HeaderEncoding = 'plain', separator = ','): WriteValue {
  switch (encoding) {
    case 'plain':
      return createWriteText(separator, (text) => text, isTrimmed);
    case 'percent':
      return createWriteText(separator, percentEncoded, hasNoBlankEnds);
    case 'base64url':
      return (claim) => {
        const text = typeof claim === 'string' ? claim : jsonOf(claim);
        return written(claim, text === undefined || !text.isWellFormed() ? undefined : base64url(text));
      };
    case 'json':
      return (claim) => {
        const text = jsonOf(claim);
        return written(claim, text === undefined ? undefined : asciiJson(text));
      };
    default:
      return encoding satisfies never;
  }
}

/** Creates the function that encodes the JSON text of all claims. */
export function createWriteClaims(encoding: HeaderEncoding = 'base64url'): (payload: string) => HeaderValue {
  switch (encoding) {
    case 'base64url':
      return (payload) => headerValue(base64url(payload));
    case 'percent':
      return (payload) => headerValue(percentEncoded(payload));
    default:
      return (payload) => headerValue(asciiJson(payload));
  }
}

/** Returns a text as a header value if it is valid. It is never truncated, because that could be another identity. */
export function headerValue(text: string | undefined): HeaderValue {
  if (text === undefined) return { withheld: ['characters'] };
  if (text === '') return absent;
  if (text.length > maxValueBytes) return { withheld: ['length'] };
  // HTTP parsers remove white space at both ends.
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)
    ? { text, withheld: [] }
    : { withheld: ['characters'] };
}

/** Encodes strings, numbers and booleans as text, and joins lists of them. Each member is encoded separately. */
function createWriteText(
  separator: string,
  encode: (text: string) => string | undefined,
  isMember: (text: string) => boolean,
): WriteValue {
  const isSeparable = createIsSeparable(separator);
  const cause = separator === ',' ? 'comma' : 'separator';
  return (claim) => {
    if (claim === undefined || claim === null) return absent;
    if (!Array.isArray(claim)) {
      const text = scalarText(claim);
      return text === undefined ? { withheld: ['type'] } : headerValue(encode(text));
    }
    const causes = new Set<WithheldCause>();
    const members: string[] = [];
    for (const member of claim) {
      const text = scalarText(member);
      const encoded = text === undefined ? undefined : encode(text);
      if (text === undefined) causes.add('type');
      else if (encoded === undefined || !isMember(text)) causes.add('characters');
      else if (!isSeparable(text)) causes.add(cause);
      else members.push(encoded);
    }
    const joined = headerValue(members.join(separator));
    return { ...joined, withheld: [...causes, ...joined.withheld] };
  };
}

/** Recipients trim the members of a list (RFC 9110 section 5.6.1), so ` admin` would become `admin`. */
function isTrimmed(member: string): boolean {
  return member.trim() === member;
}

/**
 * White space that some programming language trims or splits at: Unicode white space, old and new; the separators of Python's
 * `str.split`; the control characters that Java's `String.trim` removes.
 */
const blank = /[\s\0-\x20\x85\u180e\u200b]/;
const blankEnd = new RegExp(`^${blank.source}|${blank.source}$`);

/** The same for encoded members, because the upstream may trim them after it decodes them. */
function hasNoBlankEnds(member: string): boolean {
  return !blankEnd.test(member);
}

/**
 * Creates a test whether a member stays one member when the upstream splits the list. The upstream can split from the start or the
 * end, with or without the white space of the separator, and before or after it decodes the members.
 */
function createIsSeparable(separator: string): (member: string) => boolean {
  // A program that splits at white space splits at every kind of it.
  if (separator.trim() === '') return (member) => !blank.test(member);
  const core = separator.trim();
  if (core.length === 1) return (member) => !member.includes(core);
  return (member) =>
    `${member}${core}`.indexOf(core) === member.length && `${core}${member}`.lastIndexOf(core) === 0;
}

function written(claim: unknown, text: string | undefined): HeaderValue {
  if (claim === undefined || claim === null) return absent;
  if (text !== undefined) return headerValue(text);
  return { withheld: [typeof claim === 'string' ? 'characters' : 'type'] };
}

/** Percent-encodes all but unreserved characters (RFC 3986 section 2.3); undefined for an unpaired surrogate. */
function percentEncoded(text: string): string | undefined {
  if (!text.isWellFormed()) return undefined;
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** A claim as JSON; undefined if it contains an integer beyond 2^53, whose last digits were lost in parsing. */
function jsonOf(claim: unknown): string | undefined {
  let isExact = true;
  const text = JSON.stringify(claim, (_name, value: unknown) => {
    if (typeof value === 'number' && scalarText(value) === undefined) isExact = false;
    return value;
  }) as string | undefined;
  return isExact ? text : undefined;
}

/** Converts JSON text to one line of printable ASCII. White space between tokens becomes spaces; other characters become escapes. */
function asciiJson(json: string): string {
  return json
    .trim()
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
