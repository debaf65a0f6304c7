/** Finds the claims that an expression reads. */
import { isNode, literalOf, type Node } from './nodes.ts';

/** Claims that an expression reads. */
export interface ClaimReads {
  /** The names of the claims, without what is inside them. */
  readonly names: readonly string[];
  /** Whether it may read others: by a computed name, by iterating over all claims, or by comparing them as a whole. */
  readonly others: boolean;
}

/**
 * Finds the claims that an expression reads: `claims.name`, `claims["name"]` and `"name" in claims`, also inside of macros. Any other use
 * of `claims` counts as reading all of them.
 */
export function claimReads(root: Node): ClaimReads {
  const names = new Set<string>();
  let others = false;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isNode(value)) return;
    if (isClaims(value)) {
      others = true;
      return;
    }
    const [left, right] = Array.isArray(value.args) ? (value.args as unknown[]) : [];
    const [of, name] = value.op === 'in' ? [right, left] : [left, right];
    const written = ['.', '[]', 'in'].includes(value.op) && isClaims(of) ? literalOf(name) : undefined;
    if (written === undefined) walk(value.args);
    else names.add(written);
  };
  walk(root);
  return { names: [...names], others };
}

function isClaims(value: unknown): boolean {
  return isNode(value) && value.op === 'id' && value.args === 'claims';
}
