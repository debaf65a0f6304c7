/** Reads the cookies of a request (RFC 6265 sections 4.2 and 5.4). No text is an error. */
import type { RequestCookies } from './session-store.ts';

/** The first cookies are read, in number and in characters. Browsers keep 180 cookies for a site; Envoy accepts 60 KiB of headers. */
export const maxCookies = 200;
const maxCharacters = 64 * 1024;

const none: readonly string[] = [];

/**
 * Reads the `cookie` lines of a request when they are first needed.
 *
 * A semicolon separates cookies, and the first `=` ends the name. A comma is a part of a value: a proxy that joins two lines with a
 * comma hides the second one. A part without `=` is not a cookie with a name, and is skipped.
 */
export function readCookies(lines: readonly string[]): RequestCookies {
  let read: ReadonlyMap<string, readonly string[]> | undefined;
  const cookies = () => {
    read ??= byName(lines);
    return read;
  };
  return {
    values: (name) => cookies().get(name) ?? none,
    names: () => [...cookies().keys()],
  };
}

function byName(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let cookies = 0;
  let left = maxCharacters;
  for (const line of lines) {
    for (let start = 0; start <= line.length && cookies < maxCookies; ) {
      const semicolon = line.indexOf(';', start);
      const end = semicolon < 0 ? line.length : semicolon;
      left -= end - start + 1;
      if (left < 0) return found;
      if (add(found, line.slice(start, end))) cookies++;
      start = end + 1;
    }
  }
  return found;
}

/** Adds one cookie. Returns whether the text is one. */
function add(found: Map<string, string[]>, text: string): boolean {
  const equals = text.indexOf('=');
  const name = equals < 0 ? '' : trimmed(text.slice(0, equals));
  if (name === '') return false;
  const value = trimmed(text.slice(equals + 1));
  const values = found.get(name);
  if (values === undefined) found.set(name, [value]);
  else values.push(value);
  return true;
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
