/** Characters in JSON that a reader of it would act on or would not see, written as escapes: JSON itself escapes only those below the space. */
import { unicodeEscapes } from '../config/values/quote-value.ts';

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
