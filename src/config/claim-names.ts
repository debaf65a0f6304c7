/** How a configuration names a claim: by a text that may be a dotted path, or by the exact list of the names on the way to it. */

/** A name or dotted path such as `realm_access.roles`; or the names on the way, such as `['kubernetes.io', 'namespace']`. */
export type ClaimName = string | readonly string[];

/**
 * The exact way to a claim: a list, or the text of a list in JSON, as where a text is all that can be written.
 *
 * @returns undefined for a text that is a name or a dotted path
 */
export function exactNames(name: ClaimName): readonly string[] | undefined {
  if (typeof name !== 'string') return name;
  if (!isListText(name)) return undefined;
  const names = parsed(name);
  return isNames(names) ? names : undefined;
}

/** Says why a text does not name a claim; undefined if it does. */
export function claimNameProblem(text: string): string | undefined {
  return isListText(text) && exactNames(text) === undefined
    ? `expected a list of names as JSON, such as ["kubernetes.io", "namespace"], not ${JSON.stringify(text)}`
    : undefined;
}

function isListText(text: string): boolean {
  return text.startsWith('[');
}

function isNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((name) => typeof name === 'string' && name.length > 0)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
