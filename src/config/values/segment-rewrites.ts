/** How some servers rewrite a path segment, beyond the standards. */

const ignorable = /\p{Default_Ignorable_Code_Point}/gu;
const isCutOff = /[.\s]/;
const isAscii = /^[\0-\x7f]*$/;

/** Removes dots and white space at the end, as Windows does, and white space at the beginning. */
export function trimSegment(text: string): string {
  const start = text.trimStart();
  let end = start.length;
  // A regular expression would take quadratic time for many dots.
  while (end > 0 && isCutOff.test(start.charAt(end - 1))) end--;
  return start.slice(0, end);
}

/** Replaces compatibility characters (NFKC) and removes invisible ones. */
export function compatibilityForm(text: string): string {
  return isAscii.test(text) ? text : text.normalize('NFKC').replaceAll(ignorable, '');
}

/** Whether common servers rewrite this text. */
export function isRewritten(text: string): boolean {
  return trimSegment(text) !== text || text.normalize('NFC') !== text;
}

/** Returns how common servers rewrite this text; undefined if they do not. */
export function rewriteProblem(text: string): string | undefined {
  if (!isRewritten(text)) return undefined;
  return trimSegment(text) !== text
    ? 'begins or ends with white space or ends with a dot, which some servers remove'
    : 'is not in Unicode normal form NFC, to which some servers convert it';
}
