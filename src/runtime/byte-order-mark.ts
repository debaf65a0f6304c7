/** A byte order mark in front of a text, which some servers and editors write (RFC 8259 section 8.1 and YAML 1.2 section 5.2 let a reader skip it). */

/** The text without it. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
