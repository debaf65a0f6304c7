/** Byte order marks at the start of a text. RFC 8259 section 8.1 and YAML 1.2 section 5.2 allow a parser to skip them. */

/** Removes the byte order mark. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
