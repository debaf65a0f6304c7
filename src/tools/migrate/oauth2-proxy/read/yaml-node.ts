/** A value of a YAML file with its location, so findings and problems can say where it is. */
import type { Problem } from '../../../../config/validate/problems.ts';
import { isMapping } from '../../../../config/values/mapping.ts';

/** A value and its location. */
export interface YamlNode {
  readonly value: unknown;
  /** The path from the top of the document. */
  readonly path: readonly PropertyKey[];
  /** The location of a path in the document, as `file:line:column`. */
  readonly locate: (path: readonly PropertyKey[]) => string;
  /** Whether everything at a path is the target of aliases elsewhere in the document. */
  readonly isAliased?: (path: readonly PropertyKey[]) => boolean;
}

/** The location of a value; for an absent value, that of its nearest parent. */
export function locationOf({ path, locate }: YamlNode): string {
  return locate(path);
}

/** Whether a value contains only parts that aliases use elsewhere in the document. */
export function isAliasTarget({ path, isAliased }: YamlNode): boolean {
  return isAliased?.(path) === true;
}

/** Explains why such a value is not reported separately. */
export const aliasTargetText =
  'it only contains parts that other values use through an alias, and these are read there';

/** The value below a name of a mapping or at an index of a list; undefined if there is none. */
export function child(node: YamlNode, ...keys: readonly (string | number)[]): YamlNode {
  const value = keys.reduce<unknown>((parent, key) => {
    if (Array.isArray(parent)) return (parent as unknown[])[Number(key)];
    return isMapping(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
  }, node.value);
  return { ...node, value, path: [...node.path, ...keys] };
}

/** The names of a mapping with their values; empty for other values. */
export function fields(node: YamlNode): [name: string, node: YamlNode][] {
  return isMapping(node.value) ? Object.keys(node.value).map((name) => [name, child(node, name)]) : [];
}

/** The value below a name, in any case. */
export function fieldOf(node: YamlNode, name: string): YamlNode {
  const written = fields(node).findLast(([key]) => key.toLowerCase() === name.toLowerCase());
  return written?.[1] ?? child(node, name);
}

/** The entries of a list; empty for other values. */
export function elements(node: YamlNode): YamlNode[] {
  return Array.isArray(node.value) ? node.value.map((_, index) => child(node, index)) : [];
}

/** The problem with a value that must be a list; undefined if it is a list or absent. */
export function listProblem(node: YamlNode, path: string): Problem | undefined {
  if (Array.isArray(node.value) || node.value === undefined || node.value === null) return undefined;
  return { path, source: locationOf(node), message: expectedInstead(node, 'a list') };
}

/** A text, number or boolean as text; undefined for other values. */
export function scalarText({ value }: YamlNode): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** Says what is expected, or that a `{PLACEHOLDER}` of a tutorial needs its value. */
export function expectedInstead({ value }: YamlNode, expected: string): string {
  const [name, ...more] = isMapping(value) ? Object.keys(value) : [];
  return name !== undefined && more.length === 0 && /^[A-Z][A-Z0-9_]*$/.test(name)
    ? `{${name}} is a placeholder; replace it with its value`
    : `expected ${expected}`;
}

/** Whether a value is empty, as an unset value of a chart is. */
export function isEmpty({ value }: YamlNode): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMapping(value) && Object.keys(value).length === 0;
}

/** Whether a Helm template treats a value as true: any non-empty text that is not a word for false. */
export function isTrue(node: YamlNode): boolean {
  return !isEmpty(node) && !isFalse(node) && node.value !== 0;
}

/** Whether a value is false, or a text that Helm's YAML reads as false. */
export function isFalse({ value }: YamlNode): boolean {
  return value === false || (typeof value === 'string' && /^(n|no|off)$/i.test(value));
}
