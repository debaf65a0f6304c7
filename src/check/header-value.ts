/** From what a token says to the value of a header, in one of several encodings; or why it cannot be one. */
import type { HeaderEncoding } from '../config/declare/header-options.ts';
import { scalarText } from '../credential/token/claims.ts';
import type { WithheldCause } from '../model/forwarding.ts';

/** Longest forwarded value, in bytes. */
export const maxValueBytes = 4 * 1024;

/** A value of a header, or why it is none; nothing where it is absent. */
export interface HeaderValue {
  readonly text?: string;
  readonly withheld: readonly WithheldCause[];
}

/** Nothing that could be forwarded. */
export const absent: HeaderValue = { withheld: [] };

/** Writes a claim as the value of a header. */
export type WriteValue = (claim: unknown) => HeaderValue;

/** Makes what writes claims with an encoding. */
export function createWriteValue(encoding: HeaderEncoding = 'plain', separator = ','): WriteValue {
  switch (encoding) {
    case 'plain':
      return createWriteText(separator, (text) => text, isTrimmed);
    case 'percent':
      return createWriteText(separator, percentEncoded, hasBareEnds);
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

/** Makes what writes all claims, of which it gets the JSON text as it was signed. */
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

/** A text if it can be a header's value as it is; never a part of it, for that would be another identity. */
export function headerValue(text: string | undefined): HeaderValue {
  if (text === undefined) return { withheld: ['characters'] };
  if (text === '') return absent;
  if (text.length > maxValueBytes) return { withheld: ['length'] };
  // White space at the ends would not survive the way.
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)
    ? { text, withheld: [] }
    : { withheld: ['characters'] };
}

/** A string is itself, a number or boolean its text, a list of those is joined; each member encoded by itself. */
function createWriteText(
  separator: string,
  encode: (text: string) => string | undefined,
  isMember: (text: string) => boolean,
): WriteValue {
  const isApart = createIsApart(separator);
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
      else if (!isApart(text)) causes.add(cause);
      else members.push(encoded);
    }
    const joined = headerValue(members.join(separator));
    return { ...joined, withheld: [...causes, ...joined.withheld] };
  };
}

/** White space around the members of a list says nothing (RFC 9110 section 5.6.1): ` admin` would be `admin` to the workload. */
function isTrimmed(member: string): boolean {
  return member.trim() === member;
}

/**
 * What one language or another takes for white space and cuts off, or splits at: that of Unicode, old and new; the separators of
 * Python's `str.split`; every control character below the space, as Java's `String.trim`.
 */
const blank = /[\s\0-\x20\x85\u180e\u200b]/;
const blankEnd = new RegExp(`^${blank.source}|${blank.source}$`);

/** The same for members that are encoded: whoever decodes them may cut off white space then. */
function hasBareEnds(member: string): boolean {
  return !blankEnd.test(member);
}

/**
 * Makes what says whether a member of a list stays one, however the workload takes the list apart: from its beginning or its
 * end, with the separator or with what is left of it without white space, before it decodes the members or after.
 */
function createIsApart(separator: string): (member: string) => boolean {
  // Whoever splits at white space splits at any.
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

/** UTF-8 in escapes, all but what never needs one (RFC 3986 section 2.3); undefined for half a character. */
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

/** A claim as JSON; undefined where a number in it is not the one that was signed, since its last digits were lost in reading. */
function jsonOf(claim: unknown): string | undefined {
  let isExact = true;
  const text = JSON.stringify(claim, (_name, value: unknown) => {
    if (typeof value === 'number' && scalarText(value) === undefined) isExact = false;
    return value;
  }) as string | undefined;
  return isExact ? text : undefined;
}

/** JSON text on one line, in printable ASCII alone: outside of texts there is no other but white space, and in texts there are escapes. */
function asciiJson(json: string): string {
  return json
    .trim()
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
