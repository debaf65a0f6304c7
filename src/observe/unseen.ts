/** Characters in JSON that a reader of it would act on or would not see, written as escapes: JSON itself escapes only those below the space. */

/** DEL and the controls of C1, what changes the order of the text around it, what nobody sees, and the separators of lines. */
const unseen = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/u;
const allUnseen = new RegExp(unseen, 'gu');

/**
 * Escapes them.
 *
 * @param json text in JSON, where all of them stand in strings
 */
export function escapeUnseen(json: string): string {
  return unseen.test(json) ? json.replaceAll(allUnseen, unicodeEscapes) : json;
}

/** A text as escapes of its units (RFC 8259 section 7). */
export function unicodeEscapes(text: string): string {
  return Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
