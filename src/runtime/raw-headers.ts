/** Header lines as Node got them: a flat list of names and values, in order. */

/** A header line: its name as it was written, and its value. */
export type HeaderLine = readonly [name: string, value: string];

/** The lines of a flat list. */
export function headerLines(rawHeaders: readonly string[]): HeaderLine[] {
  return rawHeaders.flatMap((name, index): HeaderLine[] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : [],
  );
}
