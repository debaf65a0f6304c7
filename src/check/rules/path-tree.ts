/** Path patterns of rules as a tree of segments: a thousand rules cost what one does. */
import { readPathPattern, type SegmentPattern } from '../../config/rules/patterns.ts';
import type { Spellings } from './path.ts';

/** The patterns of some rules, by their segments. */
export interface PathNode {
  readonly literals: Map<string, PathNode>;
  one: PathNode | undefined;
  /** Rules whose pattern ends here, and those that take all that is left; in order. */
  readonly ends: number[];
  readonly rests: number[];
}

/** Makes a tree without any pattern. */
export function createNode(): PathNode {
  return { literals: new Map(), one: undefined, ends: [], rests: [] };
}

/**
 * Adds a pattern of a rule.
 *
 * @param textOf the text by which a literal segment is found
 */
export function insert(
  root: PathNode,
  pattern: string,
  index: number,
  textOf: (literal: string) => string = asItIs,
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

/** Finds the rules that have a pattern for a path. */
export function collect(node: PathNode, path: readonly string[], at: number, found: number[]): void {
  const segment = path[at];
  if (segment === undefined) {
    found.push(...node.ends);
    return;
  }
  found.push(...node.rests);
  const literal = node.literals.get(segment);
  if (literal !== undefined) collect(literal, path, at + 1, found);
  // `{*}` is a segment, and an empty one is none.
  if (node.one !== undefined && segment !== '') collect(node.one, path, at + 1, found);
}

/** Rules that have a pattern for a path as some server reads it. */
export interface Found {
  /** Those that have one however it is read. */
  readonly surely: Set<number>;
  readonly perhaps: Set<number>;
}

/** The same for a path of which servers make different texts: a pattern is sure where no text that is not is compared. */
export function collectSpelled(
  node: PathNode,
  path: readonly string[],
  spellings: Spellings['at'],
  found: Found,
  { at = 0, isSure = true } = {},
): void {
  const segment = path[at];
  const add = (indices: readonly number[]) => {
    for (const index of indices) (isSure ? found.surely : found.perhaps).add(index);
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

function asItIs(text: string): string {
  return text;
}
