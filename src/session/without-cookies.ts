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
    const cookies = line.split(';');
    const kept = cookies.flatMap((cookie) => {
      const parts = cookie.split(',').filter(isKept);
      return parts.length === 0 ? [] : [parts.join(',')];
    });
    return kept.join(';');
  };
  const kept = lines.map(strip);
  if (kept.every((line, index) => line === lines[index])) return undefined;
  return kept
    .map(trimmed)
    .filter((line) => line !== '')
    .join('; ');
}
