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
  return {
    values: (name) => {
      let first: string | undefined;
      let all: string[] | undefined;
      eachCookie(lines, (line, start, equals, end) => {
        if (!isNamed(name, line, start, equals)) return;
        const value = trimmed(line.slice(equals + 1, end));
        if (first === undefined) first = value;
        else all = [...(all ?? [first]), value];
      });
      return all ?? (first === undefined ? none : [first]);
    },
    names: () => {
      const names = new Set<string>();
      eachCookie(lines, (line, start, equals) => names.add(trimmed(line.slice(start, equals))));
      return [...names];
    },
  };
}

/** Calls a function for each cookie with a name: its line, its start, its first `=` and its end. Copies no text. */
function eachCookie(
  lines: readonly string[],
  call: (line: string, start: number, equals: number, end: number) => void,
): void {
  let cookies = 0;
  let left = maxCharacters;
  for (const line of lines) {
    // Searched once for each cookie, so that parts without `=` do not cost a search each.
    let equals = -1;
    for (let start = 0; start <= line.length && cookies < maxCookies; ) {
      if (equals < start) equals = indexOrEnd(line, '=', start);
      const end = indexOrEnd(line, ';', start);
      left -= end - start + 1;
      if (left < 0) return;
      if (equals < end && startOf(line, start, equals) < equals) {
        cookies++;
        call(line, start, equals, end);
      }
      start = end + 1;
    }
  }
}

function indexOrEnd(line: string, text: string, start: number): number {
  const at = line.indexOf(text, start);
  return at < 0 ? line.length : at;
}

/** Whether a cookie has a name. */
function isNamed(name: string, line: string, start: number, equals: number): boolean {
  const from = startOf(line, start, equals);
  return line.startsWith(name, from) && startOf(line, from + name.length, equals) === equals;
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
