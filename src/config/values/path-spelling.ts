/** What servers make of the text of a path segment, beyond the standards. */

const ignorable = /\p{Default_Ignorable_Code_Point}/gu;
const isCutOff = /[.\s]/;
const isAscii = /^[\0-\x7f]*$/;

/** Without what Windows cuts off the end of a name, and without white space at both ends. */
export function withoutTail(text: string): string {
  const start = text.trimStart();
  let end = start.length;
  // Not by an expression, which would look at each of many dots from each of them.
  while (end > 0 && isCutOff.test(start.charAt(end - 1))) end--;
  return start.slice(0, end);
}

/** With the usual characters in place of those that only look otherwise (NFKC), and without those that nobody sees. */
export function plainest(text: string): string {
  return isAscii.test(text) ? text : text.normalize('NFKC').replaceAll(ignorable, '');
}

/** Whether common servers make another text of this one. */
export function isLoose(text: string): boolean {
  return withoutTail(text) !== text || text.normalize('NFC') !== text;
}

/** Says why common servers make another text of this one; undefined if they do not. */
export function spellingProblem(text: string): string | undefined {
  if (!isLoose(text)) return undefined;
  return withoutTail(text) !== text
    ? 'begins or ends with white space, or ends with a dot, which some servers cut off'
    : 'is not in the normal form of Unicode (NFC), which some servers make of it';
}
