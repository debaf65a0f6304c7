/** Which headers of a request an expression reads. */
import { isNode, type Node } from './nodes.ts';

/** Headers that are read. */
export interface HeaderReads {
  /** By the names that are written out. */
  readonly names: readonly string[];
  /** Whether others may be read: by a name that is worked out, or by going through all. */
  readonly others: boolean;
}

/** Finds the headers that an expression reads. */
export function headerReads(root: Node): HeaderReads {
  const names = new Set<string>();
  let others = false;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isNode(value)) return;
    const [left, right] = Array.isArray(value.args) ? (value.args as unknown[]) : [];
    const [of, name] = value.op === 'in' ? [right, left] : [left, right];
    if (['.', '[]', 'in'].includes(value.op) && isHeaders(of)) {
      const written = textOf(name);
      if (written === undefined) {
        others = true;
        walk(name);
      } else names.add(written);
    } else if (isHeaders(value)) others = true;
    else walk(value.args);
  };
  walk(root);
  return { names: [...names], others };
}

function isHeaders(value: unknown): boolean {
  if (!isNode(value) || !['.', '[]'].includes(value.op)) return false;
  const [of, name] = value.args as unknown[];
  return isNode(of) && of.op === 'id' && of.args === 'request' && textOf(name) === 'headers';
}

/** A text that is written out; undefined for what is not. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isNode(value) && value.op === 'value' && typeof value.args === 'string' ? value.args : undefined;
}
