/** Finds the first rule for a path among those of a host, also where servers read the path differently. */

import type { Config } from '../../config/declare/options.ts';
import { mayReadRequestMember } from '../../config/expression/request-members.ts';
import { foldCase, toggleTrailingSlash } from '../../config/rules/patterns.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import type { CheckRequest } from '../../model/decision.ts';
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
        insert(wide, path, index, ignoreCase ? foldCase : undefined);
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
      mayReadRequestMember(require?.expression, 'path') ||
      mayReadRequestMember(require?.expression, 'segments'),
  );
  const firstSpelled = (
    { surely, perhaps }: Found,
    request: CheckRequest,
    isMeant: (index: number) => boolean = () => true,
  ): FoundRule => {
    const inOrder = (found: Iterable<number>) => [...new Set(found)].filter(isMeant).sort(ascending);
    const first = choose(inOrder([...surely, ...perhaps]), request);
    return first === choose(inOrder(surely), request) ? first : 'path_ambiguous';
  };

  const findExactly = (root: PathNode, request: CheckRequest, path: ReadPath): FoundRule => {
    const { segments, spellings } = path;
    if (spellings === undefined) {
      const found: number[] = [];
      collect(root, segments, 0, found);
      if (found.length > 1) found.sort(ascending);
      return choose(found, request);
    }
    const found: Found = { surely: new Set(), perhaps: new Set() };
    collectSpelled(root, segments, spellings.at, found);
    return firstSpelled(found, request);
  };

  const isTried = (rule: RuleConfig | undefined) => (rule?.mode ?? mode) === 'shadow';
  /** Whether a rule lets a request pass without a token; undefined stands for requests that no rule matches. */
  const isOpen = (rule: RuleConfig | undefined) => rule?.allow === 'anonymous' || isTried(rule);

  /** Whether nobody is let in anyway. */
  const isRefused = (exact: number | 'none') =>
    exact === 'none'
      ? noRuleMatches === 'deny' && !isTried(undefined)
      : rules[exact]?.deny === true && !isTried(rules[exact]);

  const findWidely = (
    root: PathNode,
    request: CheckRequest,
    path: ReadPath,
    exact: number | 'none',
  ): FoundRule => {
    const textOf = paths.ignoreCase ? foldCase : (text: string) => text;
    const segments = path.segments.map(textOf);
    const spellingAt = (index: number): Spelling | undefined => {
      const spelling = path.spellings?.at(index);
      return spelling && { ...spelling, others: spelling.others.map(textOf) };
    };
    const found: Found = { surely: new Set(), perhaps: new Set() };
    collectSpelled(root, segments, spellingAt, found);
    if (paths.ignoreTrailingSlash) collectSpelled(root, toggleTrailingSlash(segments), spellingAt, found);
    const [before, rule] = exact === 'none' ? [rules.length, undefined] : [exact, rules[exact]];
    // A rule that leaves a preflight to a later one needs that one in the list.
    if (exact !== 'none') found.surely.add(exact);
    // A rule that is only tried takes nothing away, so those behind it count.
    return firstSpelled(
      found,
      request,
      (index) => index === exact || (index < before && (isOpen(rule) || !isTried(rules[index]))),
    );
  };

  /** What a wider match makes of an exact one: it takes away, and never gives. */
  const narrowed = (exact: number | 'none', wide: number): FoundRule => {
    const [rule, wider] = [exact === 'none' ? undefined : rules[exact], rules[wide]];
    if (isOpen(rule) || wider?.deny === true) return wide;
    // Where a token is needed for what no rule matches, a preflight without one is not let pass either.
    if (rule === undefined && wider?.allowPreflight !== true) return wide;
    return 'path_ambiguous';
  };

  const find = ({ exact: root, wide: wideRoot }: PathTrees, request: CheckRequest, path: ReadPath) => {
    const exact = findExactly(root, request, path);
    if (wideRoot === undefined || exact === 'path_ambiguous' || isRefused(exact)) return exact;
    const wide = findWidely(wideRoot, request, path, exact);
    if (wide === exact || wide === 'none') return exact;
    return wide === 'path_ambiguous' ? wide : narrowed(exact, wide);
  };

  return (trees, request, path) => {
    const found = find(trees, request, path);
    // An expression compares the text of a segment with whatever it likes.
    const isUnclear =
      path.spellings !== undefined &&
      typeof found === 'number' &&
      readsPath[found] === true &&
      path.spellings.isLoose();
    return isUnclear ? 'path_ambiguous' : found;
  };
}

function ascending(a: number, b: number): number {
  return a - b;
}
