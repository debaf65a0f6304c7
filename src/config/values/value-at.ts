/** Reads a value of parsed YAML or JSON by its path. */

/** Returns the value at a path; undefined if it is absent. Inherited properties do not count. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, part) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, part)
        ? node[part as keyof typeof node]
        : undefined,
    root,
  );
}
