/** Values as a problem may show them. */

/** Most characters of a value that are shown. */
const maxShown = 80;

/**
 * What a reader does not see, as a class of a regular expression with the flag `v`: white space, control characters, and what is made to be
 * invisible (Unicode: Default_Ignorable_Code_Point). What only says how the character before it looks, as in an emoji, is none of it.
 */
export const invisible = String.raw`[[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}]--\p{Variation_Selector}]`;

const anyInvisible = new RegExp(invisible, 'gv');

/** A value in short, with both its ends, and without the credentials that a URL can hold. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'names with values';
  const text = typeof value === 'string' ? visible(masked(value)) : String(value);
  return text.length > maxShown ? `${text.slice(0, maxShown - 23)}…${text.slice(-20)}` : text;
}

/** Without the user and the password of a URL, whatever characters they have. */
function masked(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/gi, '$1***@');
}

/** In quotes, with what cannot be seen as escapes. */
function visible(text: string): string {
  return JSON.stringify(text).replaceAll(anyInvisible, (found) =>
    found === ' ' ? found : unicodeEscapes(found),
  );
}

/** A text as escapes of its units (RFC 8259 section 7). */
export function unicodeEscapes(text: string): string {
  const codes = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
}
