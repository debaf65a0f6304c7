/** Finds the value at a path of a YAML document. */
import { isMap, isSeq, type Node } from 'yaml';

/**
 * Returns the deepest existing node along a path, and its offset in the text: for a member of a mapping, that of its key. The offset is
 * undefined if nothing along the path exists.
 */
export function nodeAt(
  root: Node | null,
  path: readonly PropertyKey[],
): { readonly node: unknown; readonly offset: number | undefined } {
  let node: unknown = root;
  let offset: number | undefined;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(part));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return { node, offset };
}
