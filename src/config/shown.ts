/** Values as a problem may show them. */

/** Most characters of a value that are shown. */
const maxShown = 80;

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
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
