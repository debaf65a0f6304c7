/** A list in one word, as flags and the environment give it. */

/** Splits at commas; `\,` is a comma inside an entry. White space around an entry does not count, nor does an empty entry. */
export function splitList(text: string): string[] {
  return text
    .split(/(?<!\\),/)
    .map((entry) => entry.trim().replaceAll('\\,', ','))
    .filter((entry) => entry !== '');
}
