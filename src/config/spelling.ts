/** What servers make of the text of a path segment, beyond the standards. */

const ignorable = /\p{Default_Ignorable_Code_Point}/gu;

/** Without what Windows cuts off the end of a name, and without white space at both ends. */
export function withoutTail(text: string): string {
  return text.trim().replace(/[.\s]+$/u, '');
}

/** With the usual characters in place of those that only look otherwise (NFKC), and without those that nobody sees. */
export function plainest(text: string): string {
  return text.normalize('NFKC').replaceAll(ignorable, '');
}

/** Says why common servers make another text of this one; undefined if they do not. */
export function spellingProblem(text: string): string | undefined {
  if (withoutTail(text) !== text)
    return 'begins or ends with white space, or ends with a dot, which some servers cut off';
  return text.normalize('NFC') === text
    ? undefined
    : 'is not in the normal form of Unicode (NFC), which some servers make of it';
}
