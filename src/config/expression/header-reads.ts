/** Finds the request headers that an expression reads. */
import { isNode, literalOf, type Node } from './nodes.ts';

/** Headers that an expression reads. */
export interface HeaderReads {
  /** Header names in the expression. */
  readonly names: readonly string[];
  /** Whether it may read others: by a computed name, or by iterating over all headers. */
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
      const written = literalOf(name);
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
  return isNode(of) && of.op === 'id' && of.args === 'request' && literalOf(name) === 'headers';
}
