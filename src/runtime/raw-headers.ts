/** Node's raw headers: a flat list of names and values in the order of arrival. */

/** A header line: the name as the client spelled it, and the value. */
export type HeaderLine = readonly [name: string, value: string];

/** Converts a flat list to header lines. */
export function headerLines(rawHeaders: readonly string[]): HeaderLine[] {
  return rawHeaders.flatMap((name, index): HeaderLine[] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : [],
  );
}
