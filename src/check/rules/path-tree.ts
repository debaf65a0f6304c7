/** The path patterns of rules as a tree of segments. The cost of a lookup does not depend on the number of rules. */
import { readPathPattern, type SegmentPattern } from '../../config/rules/patterns.ts';
import type { Spellings } from './path.ts';

/** A node of the tree. */
export interface PathNode {
  readonly literals: Map<string, PathNode>;
  one: PathNode | undefined;
  /** Rules whose pattern ends here, and rules with `{**}` here, in order. */
  readonly ends: number[];
  readonly rests: number[];
}

/** Creates an empty tree. */
export function createNode(): PathNode {
  return { literals: new Map(), one: undefined, ends: [], rests: [] };
}

/**
 * Adds a pattern of a rule.
 *
 * @param textOf the key of a literal segment
 */
export function insert(
  root: PathNode,
  pattern: string,
  index: number,
  textOf: (literal: string) => string = unchanged,
): void {
  let node = root;
  const segments: readonly SegmentPattern[] = readPathPattern(pattern);
  for (const segment of segments) {
    if (segment === 'rest') {
      node.rests.push(index);
      return;
    }
    if (segment === 'one') {
      node.one ??= createNode();
      node = node.one;
    } else node = node.literals.getOrInsertComputed(textOf(segment.literal), createNode);
  }
  node.ends.push(index);
}

/** Collects the rules with a pattern that matches a path. */
export function collect(node: PathNode, path: readonly string[], at: number, found: number[]): void {
  const segment = path[at];
  if (segment === undefined) {
    found.push(...node.ends);
    return;
  }
  found.push(...node.rests);
  const literal = node.literals.get(segment);
  if (literal !== undefined) collect(literal, path, at + 1, found);
  // `{*}` does not match an empty segment.
  if (node.one !== undefined && segment !== '') collect(node.one, path, at + 1, found);
}

/** The rules with a pattern that matches some reading of a path. */
export interface Found {
  /** The rules that match every reading. */
  readonly inEveryReading: Set<number>;
  /** The rules that match only some readings. */
  readonly inSomeReadings: Set<number>;
}

/**
 * Collects the rules with a pattern that matches some reading of a path that servers can read differently. A rule matches
 * every reading if its pattern compares only segments with one reading.
 */
export function collectSpelled(
  node: PathNode,
  path: readonly string[],
  spellings: Spellings['at'],
  found: Found,
  { at = 0, isSure = true } = {},
): void {
  const segment = path[at];
  const add = (indices: readonly number[]) => {
    for (const index of indices) (isSure ? found.inEveryReading : found.inSomeReadings).add(index);
  };
  if (segment === undefined) {
    add(node.ends);
    return;
  }
  add(node.rests);
  const spelling = node.literals.size === 0 ? undefined : spellings(at);
  for (const text of new Set([segment, ...(spelling?.others ?? [])])) {
    const literal = node.literals.get(text);
    const isItself = text === segment && (spelling?.isSure ?? true);
    if (literal !== undefined)
      collectSpelled(literal, path, spellings, found, { at: at + 1, isSure: isSure && isItself });
  }
  if (node.one !== undefined && segment !== '')
    collectSpelled(node.one, path, spellings, found, { at: at + 1, isSure });
}

function unchanged(text: string): string {
  return text;
}
