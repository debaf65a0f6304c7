/** Removes cookies from a `cookie` header before the workload receives it. */
import type { CookieNames } from './cookie-names.ts';
import { trimmed } from './read-cookies.ts';

/**
 * Removes the cookies of this service. The others stay byte for byte, in their order. The whole text is read, so no limit lets a cookie
 * pass.
 *
 * A proxy joins two `cookie` lines with a comma. A cookie after a comma is removed too, because the workload may read it.
 *
 * @param lines every `cookie` line as received
 * @returns the remaining header, which can be empty; undefined if none was removed
 */
export function withoutCookies(
  lines: readonly string[],
  { stem, isOwn }: Pick<CookieNames, 'stem' | 'isOwn'>,
): string | undefined {
  if (!lines.some((line) => line.includes(stem))) return undefined;
  // Most requests have the cookie of their session only.
  const [only = '', ...others] = lines;
  if (others.length === 0 && !separators.test(only)) return isOwn(nameIn(only)) ? '' : undefined;
  const isKept = (part: string) => !isOwn(nameIn(part));
  /** Reads only the cookies that have the stem. */
  const strip = (line: string) => {
    const kept: string[] = [];
    let from = 0;
    for (let at = line.indexOf(stem); at >= 0; at = line.indexOf(stem, from)) {
      const start = line.lastIndexOf(';', at) + 1;
      const semicolon = line.indexOf(';', at);
      const end = semicolon < 0 ? line.length : semicolon;
      if (start > from) kept.push(line.slice(from, start - 1));
      const parts = line.slice(start, end).split(',').filter(isKept);
      if (parts.length > 0) kept.push(parts.join(','));
      from = end + 1;
    }
    if (from <= line.length) kept.push(line.slice(from));
    return kept.join(';');
  };
  const kept = lines.map(strip);
  if (kept.every((line, index) => line === lines[index])) return undefined;
  return kept
    .map(trimmed)
    .filter((line) => line !== '')
    .join('; ');
}

const separators = /[;,]/;

/** The name of a cookie; empty if the text is none. */
function nameIn(part: string): string {
  const equals = part.indexOf('=');
  return equals < 0 ? '' : trimmed(part.slice(0, equals));
}
