/** Mappings of YAML and JSON whose values are not validated yet. */

/** A mapping of names to values. */
export type Mapping = Record<string, unknown>;

/** Whether a value is a mapping; a list is not. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
