/** Scans JSON text without parsing it. */

const backslash = 0x5c;
const quote = 0x22;

/**
 * Returns the index of the quote that closes a string, or an index past the end of the text if there is none.
 *
 * @param start the index of the opening quote
 */
export function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text.charCodeAt(index) !== quote)
    index += text.charCodeAt(index) === backslash ? 2 : 1;
  return index;
}

/**
 * Replaces each member name. A string before a colon is a name.
 *
 * @param replace gets and returns a name as it is written, with its quotes
 */
export function replaceNames(text: string, replace: (written: string) => string): string {
  let result = '';
  let copied = 0;
  for (let start = text.indexOf('"'); start >= 0; ) {
    const end = endOfString(text, start) + 1;
    if (isFollowedByColon(text, end)) {
      result += text.slice(copied, start) + replace(text.slice(start, end));
      copied = end;
    }
    start = text.indexOf('"', end);
  }
  return result + text.slice(copied);
}

function isFollowedByColon(text: string, end: number): boolean {
  let index = end;
  while (index < text.length && ' \t\r\n'.includes(text.charAt(index))) index++;
  return text.charAt(index) === ':';
}
