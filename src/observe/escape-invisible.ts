/** Escapes control and invisible characters in JSON. JSON itself escapes only those below U+0020. */
import { unicodeEscapes } from '../config/values/quote-value.ts';

/** DEL and C1 controls, format characters (invisible or bidirectional), and line separators. */
const invisible = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]+/u;
const allInvisible = new RegExp(invisible, 'gu');

/** Escapes these characters in JSON text, where they can occur only in strings. */
export function escapeInvisible(json: string): string {
  return invisible.test(json) ? json.replaceAll(allInvisible, unicodeEscapes) : json;
}
