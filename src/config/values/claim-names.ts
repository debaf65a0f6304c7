/** How a configuration names a claim: by a text that may be a dotted path, or by a list with the name at each level. */

import { straySpaceProblem } from '../validate/stray-white-space.ts';
import { quoteValue } from './quote-value.ts';

/** A name or dotted path such as `realm_access.roles`, or a list with the name at each level, such as `['kubernetes.io', 'namespace']`. */
export type ClaimName = string | readonly string[];

/**
 * Returns the exact names of a claim that is configured as a list, or as the JSON text of a list.
 *
 * @returns undefined for a name or a dotted path
 */
export function exactNames(name: ClaimName): readonly string[] | undefined {
  if (typeof name !== 'string') return name;
  if (!isListText(name)) return undefined;
  const names = parsed(name);
  return isNames(names) ? names : undefined;
}

/** Maximum levels of a claim name: the work for a dotted path grows with their square. */
export const mostParts = 50;

/** Maximum characters of all names together. */
const mostCharacters = 1024;

/** Returns the problem of a claim name; undefined if it is valid. */
export function claimNameProblem(name: ClaimName): string | undefined {
  const isWritten = typeof name === 'string';
  const exact = exactNames(name);
  if (isWritten && isListText(name) && exact === undefined)
    return `must be a JSON list of names such as ["kubernetes.io", "namespace"], got ${quoteValue(name)}`;
  const parts = exact ?? String(name).split('.');
  if (parts.length > mostParts) return `must have at most ${mostParts} levels, got ${parts.length}`;
  const { length } = parts.join('.');
  if (length > mostCharacters) return `must have at most ${mostCharacters} characters, got ${length}`;
  // Each name of a YAML list is checked at its own place.
  return isWritten ? exact?.map(straySpaceProblem).find((problem) => problem !== undefined) : undefined;
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
