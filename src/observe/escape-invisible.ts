/** Escapes control and invisible characters in JSON. JSON itself escapes only those below U+0020. */
import { unicodeEscapes } from '../config/values/quote-value.ts';

/** Text without any character that could be escaped. */
const printableAscii = /^[\n -~]*$/;

/**
 * Escapes DEL and C1 controls, format characters (invisible or bidirectional), and line separators in JSON text, where they
 * can occur only in strings.
 */
export function escapeInvisible(json: string): string {
  // The other expression takes milliseconds to create, so it is created with the first text that needs it.
  return printableAscii.test(json)
    ? json
    : json.replaceAll(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]+/gu, unicodeEscapes);
}
