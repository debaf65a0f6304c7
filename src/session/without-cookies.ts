/** Removes cookies from a `cookie` header before the workload receives it. */
import { trimmed } from './read-cookies.ts';

/**
 * Removes cookies by name. The other cookies stay byte for byte, in their order. The whole text is read, so no limit lets a cookie pass.
 *
 * A proxy joins two `cookie` lines with a comma. A cookie after a comma is removed too, because the workload may read it.
 *
 * @param lines every `cookie` line as received
 * @param isRemoved whether the cookie of a name is removed
 * @returns the remaining header, which can be empty; undefined if none was removed
 */
export function withoutCookies(
  lines: readonly string[],
  isRemoved: (name: string) => boolean,
): string | undefined {
  const isKept = (part: string) => {
    const equals = part.indexOf('=');
    return equals < 0 || !isRemoved(trimmed(part.slice(0, equals)));
  };
  const strip = (line: string) => {
    const kept: string[] = [];
    // Cookies in a row that stay are copied at once: a client can send tens of thousands of semicolons.
    let copied = 0;
    let equals = -1;
    for (let start = 0; start <= line.length; ) {
      const semicolon = line.indexOf(';', start);
      const end = semicolon < 0 ? line.length : semicolon;
      if (equals < start) equals = endIfAbsent(line, line.indexOf('=', start));
      if (equals < end) {
        const cookie = line.slice(start, end);
        const parts = cookie.split(',');
        const left = parts.filter(isKept);
        if (left.length < parts.length) {
          if (copied < start) kept.push(line.slice(copied, start - 1));
          if (left.length > 0) kept.push(left.join(','));
          copied = end + 1;
        }
      }
      start = end + 1;
    }
    if (copied <= line.length) kept.push(line.slice(copied));
    return kept.join(';');
  };
  const kept = lines.map(strip);
  if (kept.every((line, index) => line === lines[index])) return undefined;
  return kept
    .map(trimmed)
    .filter((line) => line !== '')
    .join('; ');
}

function endIfAbsent(line: string, index: number): number {
  return index < 0 ? line.length : index;
}
