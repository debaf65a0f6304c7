/** How a configuration names a claim: by a text that may be a dotted path, or by the exact list of the names on the way to it. */

import { straySpaceProblem } from '../validate/stray-white-space.ts';
import { shown } from './quote.ts';

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

/** The most names on the way to a claim, or parts of a dotted path: what is made of a path grows with the square of its parts. */
export const mostParts = 50;

/** The most characters of all names together. */
const mostCharacters = 1024;

/** Says why a text or a list does not name a claim; undefined if it does. */
export function claimNameProblem(name: ClaimName): string | undefined {
  const isWritten = typeof name === 'string';
  const exact = exactNames(name);
  if (isWritten && isListText(name) && exact === undefined)
    return `expected a list of names as JSON, such as ["kubernetes.io", "namespace"], not ${shown(name)}`;
  const parts = exact ?? String(name).split('.');
  if (parts.length > mostParts)
    return `expected at most ${mostParts} names on the way to a claim, not ${parts.length}`;
  const { length } = parts.join('.');
  if (length > mostCharacters)
    return `expected at most ${mostCharacters} characters in the name of a claim, not ${length}`;
  // Of names that stand in a list of YAML this is said of each, where it stands.
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
