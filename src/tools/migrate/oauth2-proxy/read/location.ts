/** A value of a YAML file together with where it stands, so that whatever is read can say its place. */
import type { Problem } from '../../../../config/validate/problems.ts';
import { isMapping } from '../../../../config/values/mapping.ts';

/** A value and where it stands. */
export interface Spot {
  readonly value: unknown;
  /** From the top of the document. */
  readonly path: readonly PropertyKey[];
  /** The place of anything in the document, as `file:line:column`. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
  /** Whether all that stands at a path is what aliases elsewhere in the document refer to. */
  readonly isAliased?: (path: readonly PropertyKey[]) => boolean;
}

/** Where a value stands; for an absent one, its nearest parent. */
export function place({ path, placeOf }: Spot): string {
  return placeOf(path);
}

/** Whether a value only holds parts that are taken over elsewhere in its document, where they are read. */
export function isHolder({ path, isAliased }: Spot): boolean {
  return isAliased?.(path) === true;
}

/** Why such a value says nothing itself. */
export const whyHolder = 'it only holds what other values take over by an alias, and there it is looked at';

/** What is below a name of a mapping or at an index of a list; the value is undefined where there is nothing. */
export function child(spot: Spot, ...keys: readonly (string | number)[]): Spot {
  const value = keys.reduce<unknown>((parent, key) => {
    if (Array.isArray(parent)) return (parent as unknown[])[Number(key)];
    return isMapping(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
  }, spot.value);
  return { ...spot, value, path: [...spot.path, ...keys] };
}

/** The names of a mapping with what is below them; empty for anything else. */
export function fields(spot: Spot): [name: string, spot: Spot][] {
  return isMapping(spot.value) ? Object.keys(spot.value).map((name) => [name, child(spot, name)]) : [];
}

/** What is below a name, whatever the case in which it is written. */
export function fieldOf(spot: Spot, name: string): Spot {
  const written = fields(spot).findLast(([key]) => key.toLowerCase() === name.toLowerCase());
  return written?.[1] ?? child(spot, name);
}

/** The entries of a list; empty for anything else. */
export function elements(spot: Spot): Spot[] {
  return Array.isArray(spot.value) ? spot.value.map((_, index) => child(spot, index)) : [];
}

/** What is wrong with a value that must be a list; undefined where it is one, or nothing. */
export function listProblem(spot: Spot, path: string): Problem | undefined {
  if (Array.isArray(spot.value) || spot.value === undefined || spot.value === null) return undefined;
  return { path, source: place(spot), message: expectedInstead(spot, 'a list') };
}

/** A text, number or truth value as text; undefined for anything else. */
export function scalarText({ value }: Spot): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** Says what was expected; where a tutorial's `{PLACEHOLDER}` was left in, its value. */
export function expectedInstead({ value }: Spot, expected: string): string {
  const [name, ...more] = isMapping(value) ? Object.keys(value) : [];
  return name !== undefined && more.length === 0 && /^[A-Z][A-Z0-9_]*$/.test(name)
    ? `{${name}} is a placeholder; put in its value`
    : `expected ${expected}`;
}

/** Whether there is nothing in it: what an unset value of a chart looks like. */
export function isEmpty({ value }: Spot): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMapping(value) && Object.keys(value).length === 0;
}

/** Whether a template takes a value for true: Helm has further words for it, and any text but an empty one counts. */
export function isTrue(spot: Spot): boolean {
  return !isEmpty(spot) && !isFalse(spot) && spot.value !== 0;
}

/** Whether a value is false, for which Helm has further words. */
export function isFalse({ value }: Spot): boolean {
  return value === false || (typeof value === 'string' && /^(n|no|off)$/i.test(value));
}
