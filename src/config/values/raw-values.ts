/** Names with values, as YAML and JSON have them, of which nothing is checked yet. */

/** Names with values. */
export type Tree = Record<string, unknown>;

/** Whether a value is names with values, and no list. */
export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
