/** Header lists of an entry: exact names, `prefix*` and `*suffix`, in any case. */

/** Headers of every HTTP response that describe the response or its connection. */
export const framingHeaders = [
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
] as const;

/** Whether a list contains a header. */
export function listsHeader(patterns: readonly string[], header: string): boolean {
  return patterns.some((pattern) => matchesHeader(pattern, header));
}

/** Whether a pattern of a list matches a header. A lone `*` matches every header. */
export function matchesHeader(pattern: string, header: string): boolean {
  const [wanted, name] = [pattern.toLowerCase(), header.toLowerCase()];
  if (wanted.endsWith('*')) return name.startsWith(wanted.slice(0, -1));
  return wanted.startsWith('*') ? name.endsWith(wanted.slice(1)) : name === wanted;
}

/** Writes names as in `a`, `b` and `c`. */
export function nameList(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}
