/** Finds the first rule for a path among those of a host, also where servers read the path differently. */
import type { CheckRequest } from '../check/types.ts';
import { expressionReads } from '../config/expression-reads.ts';
import type { Config } from '../config/options.ts';
import { folded, withOtherEnd } from '../config/patterns.ts';
import type { RuleConfig } from '../config/rule-options.ts';
import type { Spelling, Spellings } from './path.ts';
import { collect, collectSpelled, createNode, type Found, insert, type PathNode } from './path-tree.ts';

/** The index of a rule, or none; or that servers would read the path as one of different rules. */
export type FoundRule = number | 'none' | 'path_ambiguous';

/** A path as it was read, and what else servers make of it. */
export interface ReadPath {
  readonly segments: readonly string[];
  readonly spellings: Spellings | undefined;
}

/** The rules of some hosts by their paths. */
export interface PathTrees {
  readonly exact: PathNode;
  /** Those that deny or require something, as a server compares that ignores case; only where it is asked for. */
  readonly wide: PathNode | undefined;
}

/** Makes the trees of those rules that are meant. */
export function treesOf(
  rules: readonly RuleConfig[],
  { ignoreCase, ignoreTrailingSlash }: Config['paths'],
  isMeant: (rule: RuleConfig) => boolean,
): PathTrees {
  const exact = createNode();
  const wide = ignoreCase || ignoreTrailingSlash ? createNode() : undefined;
  for (const [index, rule] of rules.entries()) {
    if (!isMeant(rule)) continue;
    for (const path of rule.match.paths ?? ['/*']) {
      insert(exact, path, index);
      if (wide !== undefined && rule.allow === undefined)
        insert(wide, path, index, ignoreCase ? folded : undefined);
    }
  }
  return { exact, wide };
}

/**
 * Makes what finds the rule.
 *
 * @param choose the rule for a request among those for its path and host, which are given in order
 */
export function createFindRule(
  rules: readonly RuleConfig[],
  { paths, noRuleMatches, mode }: Pick<Config, 'paths' | 'noRuleMatches' | 'mode'>,
  choose: (found: readonly number[], request: CheckRequest) => number | 'none',
): (trees: PathTrees, request: CheckRequest, path: ReadPath) => FoundRule {
  const readsPath = rules.map(
    ({ require }) =>
      expressionReads(require?.expression, 'path') || expressionReads(require?.expression, 'segments'),
  );
  const firstSpelled = (
    { surely, perhaps }: Found,
    request: CheckRequest,
    before = rules.length,
  ): FoundRule => {
    const inOrder = (found: Iterable<number>) =>
      [...new Set(found)].filter((index) => index < before).sort(ascending);
    const first = choose(inOrder([...surely, ...perhaps]), request);
    return first === choose(inOrder(surely), request) ? first : 'path_ambiguous';
  };

  const findExactly = (
    root: PathNode,
    request: CheckRequest,
    { segments, spellings }: ReadPath,
  ): FoundRule => {
    if (spellings === undefined) {
      const found: number[] = [];
      collect(root, segments, 0, found);
      if (found.length > 1) found.sort(ascending);
      return choose(found, request);
    }
    const found: Found = { surely: new Set(), perhaps: new Set() };
    collectSpelled(root, segments, spellings.at, found);
    const first = firstSpelled(found, request);
    // An expression compares the text of a segment with whatever it likes.
    const isUnclear = typeof first === 'number' && readsPath[first] === true && spellings.isLoose();
    return isUnclear ? 'path_ambiguous' : first;
  };

  const findWidely = (
    root: PathNode,
    request: CheckRequest,
    path: ReadPath,
    before: number | undefined,
  ): FoundRule => {
    const textOf = paths.ignoreCase ? folded : (text: string) => text;
    const segments = path.segments.map(textOf);
    const spellingAt = (index: number): Spelling | undefined => {
      const spelling = path.spellings?.at(index);
      return spelling && { ...spelling, others: spelling.others.map(textOf) };
    };
    const found: Found = { surely: new Set(), perhaps: new Set() };
    collectSpelled(root, segments, spellingAt, found);
    if (paths.ignoreTrailingSlash) collectSpelled(root, withOtherEnd(segments), spellingAt, found);
    return firstSpelled(found, request, before);
  };

  const isTried = (rule: RuleConfig | undefined) => (rule?.mode ?? mode) === 'shadow';
  /** What a wider match makes of an exact one: it takes away, and never gives. */
  const narrowed = (exact: number | 'none', wide: number): FoundRule => {
    const [rule, wider] = [exact === 'none' ? undefined : rules[exact], rules[wide]];
    const isOpen = rule?.allow === 'anonymous' || isTried(rule);
    if (wider === undefined || isTried(wider)) return isOpen ? wide : exact;
    if (isOpen || wider.deny === true) return wide;
    if (rule === undefined && noRuleMatches === 'token')
      return wider.allowPreflight ? 'path_ambiguous' : wide;
    return rule === undefined || rule.deny === true ? exact : 'path_ambiguous';
  };

  return ({ exact: root, wide: wideRoot }, request, path) => {
    const exact = findExactly(root, request, path);
    if (wideRoot === undefined || exact === 'path_ambiguous') return exact;
    const wide = findWidely(wideRoot, request, path, exact === 'none' ? undefined : exact);
    return typeof wide === 'number' ? narrowed(exact, wide) : wide === 'none' ? exact : wide;
  };
}

function ascending(a: number, b: number): number {
  return a - b;
}
