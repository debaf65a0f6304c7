/** Splits lists in flags and the environment. */

/** Splits at commas; `\,` is a comma inside an entry. Trims white space around entries and drops empty ones. */
export function splitCommaList(text: string): string[] {
  return text
    .split(/(?<!\\),/)
    .map((entry) => entry.trim().replaceAll('\\,', ','))
    .filter((entry) => entry !== '');
}
