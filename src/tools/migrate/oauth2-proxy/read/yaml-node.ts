/** A value of a YAML file together with where it stands, so that whatever is read can say its place. */
import type { Problem } from '../../../../config/validate/problems.ts';
import { isTree } from '../../../../config/values/raw-values.ts';

/** A value and where it stands. */
export interface YamlNode {
  readonly value: unknown;
  /** From the top of the document. */
  readonly path: readonly PropertyKey[];
  /** The place of anything in the document, as `file:line:column`. */
  readonly locate: (path: readonly PropertyKey[]) => string;
  /** Whether all that stands at a path is what aliases elsewhere in the document refer to. */
  readonly isAliased?: (path: readonly PropertyKey[]) => boolean;
}

/** Where a value stands; for an absent one, its nearest parent. */
export function locationOf({ path, locate }: YamlNode): string {
  return locate(path);
}

/** Whether a value only holds parts that are taken over elsewhere in its document, where they are read. */
export function isAliasTarget({ path, isAliased }: YamlNode): boolean {
  return isAliased?.(path) === true;
}

/** Why such a value says nothing itself. */
export const aliasTargetText =
  'it only holds what other values take over by an alias, and there it is looked at';

/** What is below a name of a mapping or at an index of a list; the value is undefined where there is nothing. */
export function child(node: YamlNode, ...keys: readonly (string | number)[]): YamlNode {
  const value = keys.reduce<unknown>((parent, key) => {
    if (Array.isArray(parent)) return (parent as unknown[])[Number(key)];
    return isTree(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
  }, node.value);
  return { ...node, value, path: [...node.path, ...keys] };
}

/** The names of a mapping with what is below them; empty for anything else. */
export function fields(node: YamlNode): [name: string, node: YamlNode][] {
  return isTree(node.value) ? Object.keys(node.value).map((name) => [name, child(node, name)]) : [];
}

/** What is below a name, whatever the case in which it is written. */
export function fieldOf(node: YamlNode, name: string): YamlNode {
  const written = fields(node).findLast(([key]) => key.toLowerCase() === name.toLowerCase());
  return written?.[1] ?? child(node, name);
}

/** The entries of a list; empty for anything else. */
export function elements(node: YamlNode): YamlNode[] {
  return Array.isArray(node.value) ? node.value.map((_, index) => child(node, index)) : [];
}

/** What is wrong with a value that must be a list; undefined where it is one, or nothing. */
export function listProblem(node: YamlNode, path: string): Problem | undefined {
  if (Array.isArray(node.value) || node.value === undefined || node.value === null) return undefined;
  return { path, source: locationOf(node), message: expectedInstead(node, 'a list') };
}

/** A text, number or truth value as text; undefined for anything else. */
export function scalarText({ value }: YamlNode): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** Says what was expected; where a tutorial's `{PLACEHOLDER}` was left in, its value. */
export function expectedInstead({ value }: YamlNode, expected: string): string {
  const [name, ...more] = isTree(value) ? Object.keys(value) : [];
  return name !== undefined && more.length === 0 && /^[A-Z][A-Z0-9_]*$/.test(name)
    ? `{${name}} is a placeholder; put in its value`
    : `expected ${expected}`;
}

/** Whether there is nothing in it: what an unset value of a chart looks like. */
export function isEmpty({ value }: YamlNode): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isTree(value) && Object.keys(value).length === 0;
}

/** Whether a template takes a value for true: Helm has further words for it, and any text but an empty one counts. */
export function isTrue(node: YamlNode): boolean {
  return !isEmpty(node) && !isFalse(node) && node.value !== 0;
}

/** Whether a value is false, for which Helm has further words. */
export function isFalse({ value }: YamlNode): boolean {
  return value === false || (typeof value === 'string' && /^(n|no|off)$/i.test(value));
}
