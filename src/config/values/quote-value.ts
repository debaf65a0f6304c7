/** How problems and logs show values: shortened, with escapes for invisible characters, and without credentials. */

/** Maximum characters of a value in a message. */
const maxLength = 80;

/**
 * Characters that a reader does not see, as a class of a regular expression with the flag `v`: white space, control characters, and
 * Unicode's Default_Ignorable_Code_Point. Variation selectors, which only change the look of the character before them, are not included.
 */
export const invisible = String.raw`[[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}]--\p{Variation_Selector}]`;

const invisibleCharacter = new RegExp(invisible, 'gv');

/** Quotes a value for a message. It keeps both ends of a long text and masks the credentials of a URL. */
export function quoteValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  const text = typeof value === 'string' ? escapeInvisible(maskUrl(value)) : String(value);
  return text.length > maxLength ? `${text.slice(0, maxLength - 23)}…${text.slice(-20)}` : text;
}

/**
 * Masks the user names and passwords of the URLs in a message. The expression begins at `://`: one that begins with the scheme takes
 * quadratic time for a long word.
 */
export function maskUrls(text: string): string {
  return text.replaceAll(/(?<=[a-z0-9+.-]):\/\/[^/?#\s]*@/gi, '://***@');
}

/** Masks the user name and the password of a value that is one URL; they may contain white space. */
function maskUrl(value: string): string {
  return value.replaceAll(/(?<=[a-z0-9+.-]):\/\/[^/?#]*@/gi, '://***@');
}

/** Quotes a text, with escapes for invisible characters other than the space. */
function escapeInvisible(text: string): string {
  return JSON.stringify(text).replaceAll(invisibleCharacter, (found) =>
    found === ' ' ? found : unicodeEscapes(found),
  );
}

/** The two digits of each byte. Clients decide how many characters are escaped. */
const hexadecimal = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Escapes each UTF-16 code unit of a text (RFC 8259 section 7). */
export function unicodeEscapes(text: string): string {
  let escapes = '';
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    escapes += `\\u${hexadecimal[code >> 8]}${hexadecimal[code & 0xff]}`;
  }
  return escapes;
}
