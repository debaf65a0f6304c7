/** Finds the rules whose paths are nearest to a path, for details of requests that no rule matches. */
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { createNode, insert, type PathNode } from './path-tree.ts';

/** Maximum number of rules. Each of them is compared with the request. */
const maxRules = 8;

/** Maximum number of nodes that are visited below the nearest one. */
const maxNodes = 64;

/** Creates the function that returns the indices of the nearest rules, in order. */
export function createNearestRules(rules: readonly RuleConfig[]): (target: string) => readonly number[] {
  const all = rules.map((_, index) => index);
  if (rules.length <= maxRules) return () => all;
  // Built on first use: most configurations deny few requests.
  let root: PathNode | undefined;
  return (target) => {
    root ??= treeOf(rules);
    const path = (target.split(/[?#]/, 1)[0] ?? '').slice(1).split('/');
    const found = new Set<number>();
    const branch: PathNode[] = [root];
    for (const segment of path) {
      const node = branch.at(-1);
      const next = node?.literals.get(segment) ?? node?.one;
      if (next === undefined) break;
      branch.push(next);
    }
    // The longest common path first, then the rules below it and above it.
    const nodes = [...below(branch.at(-1)), ...branch.toReversed()];
    for (const { ends, rests } of nodes) for (const index of [...ends, ...rests]) found.add(index);
    return [...found].slice(0, maxRules).sort((a, b) => a - b);
  };
}

function treeOf(rules: readonly RuleConfig[]): PathNode {
  const root = createNode();
  for (const [index, { match }] of rules.entries())
    for (const path of match.paths ?? ['/*']) insert(root, path, index);
  return root;
}

/** A node and the nodes below it, level by level. */
function below(start: PathNode | undefined): readonly PathNode[] {
  const nodes = start === undefined ? [] : [start];
  for (let at = 0; at < nodes.length && nodes.length < maxNodes; at++) {
    const { literals, one } = nodes[at] ?? createNode();
    for (const node of literals.values()) {
      if (nodes.length >= maxNodes) break;
      nodes.push(node);
    }
    if (one !== undefined) nodes.push(one);
  }
  return nodes;
}
