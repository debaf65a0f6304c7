/** A byte order mark in front of JSON, which some servers and editors write (RFC 8259 section 8.1 lets a reader skip it). */

/** The text without it. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
