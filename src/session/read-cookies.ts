/** Reads the cookies of a request (RFC 6265 sections 4.2 and 5.4). No text is an error. */
import type { RequestCookies } from './session-store.ts';

/** The first cookies are read, in number and in characters. Browsers keep 180 cookies for a site; Envoy accepts 60 KiB of headers. */
export const maxCookies = 200;
const maxCharacters = 64 * 1024;

const none: readonly string[] = [];

/**
 * Reads the `cookie` lines of a request when they are needed.
 *
 * A semicolon separates cookies, and the first `=` ends the name. A comma is a part of a value: a proxy that joins two lines with a
 * comma hides the second one. A part without `=` is not a cookie with a name, and is skipped.
 */
export function readCookies(lines: readonly string[]): RequestCookies {
  let read: readonly Cookie[] | undefined;
  const cookies = () => {
    read ??= cookiesIn(lines);
    return read;
  };
  return {
    values: (name) => {
      let first: string | undefined;
      let all: string[] | undefined;
      for (const cookie of cookies()) {
        if (!isNamed(name, cookie)) continue;
        const value = trimmed(cookie.line.slice(cookie.equals + 1, cookie.end));
        if (first === undefined) first = value;
        else all = [...(all ?? [first]), value];
      }
      return all ?? (first === undefined ? none : [first]);
    },
    names: () => [...new Set(cookies().map(({ line, start, equals }) => trimmed(line.slice(start, equals))))],
  };
}

/** A cookie with a name: its line, where its name starts, its first `=` and its end. No text is copied. */
interface Cookie {
  readonly line: string;
  readonly start: number;
  readonly equals: number;
  readonly end: number;
}

/** Finds the cookies with a name in one pass. A client can send many parts that are none. */
function cookiesIn(lines: readonly string[]): readonly Cookie[] {
  const cookies: Cookie[] = [];
  let left = maxCharacters;
  for (const line of lines) {
    // Searched once for each cookie, so that parts without `=` do not cost a search each.
    let equals = -1;
    for (let part = 0; part <= line.length && cookies.length < maxCookies; ) {
      if (equals < part) equals = indexOrEnd(line, '=', part);
      const end = indexOrEnd(line, ';', part);
      left -= end - part + 1;
      if (left < 0) return cookies;
      const start = equals < end ? startOf(line, part, equals) : equals;
      if (start < equals) cookies.push({ line, start, equals, end });
      part = end + 1;
    }
  }
  return cookies;
}

function indexOrEnd(line: string, text: string, start: number): number {
  const at = line.indexOf(text, start);
  return at < 0 ? line.length : at;
}

/** Whether a cookie has a name, after which only blanks are allowed. */
function isNamed(name: string, { line, start, equals }: Cookie): boolean {
  return line.startsWith(name, start) && startOf(line, start + name.length, equals) === equals;
}

/** Skips spaces and tabs. */
function startOf(line: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(line.charCodeAt(at))) at++;
  return at;
}

/** Removes spaces and tabs at both ends. No other white space: servers disagree about it. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
