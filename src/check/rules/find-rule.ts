/** Finds the first rule for a path among the rules of a host. Servers can read the path differently. */

import type { Config } from '../../config/declare/options.ts';
import { mayReadRequestMember } from '../../config/expression/request-members.ts';
import { foldCase, toggleTrailingSlash } from '../../config/rules/patterns.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Spelling, Spellings } from './path.ts';
import { collect, collectSpelled, createNode, type Found, insert, type PathNode } from './path-tree.ts';

/** The index of a rule; `none`; or `path_ambiguous` if servers can read the path as that of different rules. */
export type FoundRule = number | 'none' | 'path_ambiguous';

/** A path, with the other ways in which servers read it. */
export interface ReadPath {
  readonly segments: readonly string[];
  readonly spellings: Spellings | undefined;
}

/** The rules of a host by path. */
export interface PathTrees {
  readonly exact: PathNode;
  /** Rules that deny or require something, compared as `paths.ignoreCase` and `paths.ignoreTrailingSlash` say; undefined if both are off. */
  readonly wide: PathNode | undefined;
}

/** Creates the trees of the rules that pass the filter. */
export function treesOf(
  rules: readonly RuleConfig[],
  { ignoreCase, ignoreTrailingSlash }: Config['paths'],
  isIncluded: (rule: RuleConfig) => boolean,
): PathTrees {
  const exact = createNode();
  const wide = ignoreCase || ignoreTrailingSlash ? createNode() : undefined;
  for (const [index, rule] of rules.entries()) {
    if (!isIncluded(rule)) continue;
    for (const path of rule.match.paths ?? ['/*']) {
      insert(exact, path, index);
      if (wide !== undefined && rule.allow === undefined)
        insert(wide, path, index, ignoreCase ? foldCase : undefined);
    }
  }
  return { exact, wide };
}

/**
 * Creates the function that finds the rule.
 *
 * @param choose selects the rule for a request among the rules for its path and host, which are in order
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
  const firstOfAllReadings = (
    { inEveryReading, inSomeReadings }: Found,
    request: CheckRequest,
    isIncluded: (index: number) => boolean = () => true,
  ): FoundRule => {
    const inOrder = (found: Iterable<number>) => [...new Set(found)].filter(isIncluded).sort(ascending);
    const first = choose(inOrder([...inEveryReading, ...inSomeReadings]), request);
    return first === choose(inOrder(inEveryReading), request) ? first : 'path_ambiguous';
  };

  const findExactly = (root: PathNode, request: CheckRequest, path: ReadPath): FoundRule => {
    const { segments, spellings } = path;
    if (spellings === undefined) {
      const found: number[] = [];
      collect(root, segments, 0, found);
      if (found.length > 1) found.sort(ascending);
      return choose(found, request);
    }
    const found: Found = { inEveryReading: new Set(), inSomeReadings: new Set() };
    collectSpelled(root, segments, spellings.at, found);
    return firstOfAllReadings(found, request);
  };

  const isShadowed = (rule: RuleConfig | undefined) => (rule?.mode ?? mode) === 'shadow';
  /** Whether a rule allows a request without a token. Undefined stands for requests that no rule matches. */
  const isOpen = (rule: RuleConfig | undefined) => rule?.allow === 'anonymous' || isShadowed(rule);

  /** Whether the request is denied anyway. */
  const isDenied = (exact: number | 'none') =>
    exact === 'none'
      ? noRuleMatches === 'deny' && !isShadowed(undefined)
      : rules[exact]?.deny === true && !isShadowed(rules[exact]);

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
    const found: Found = { inEveryReading: new Set(), inSomeReadings: new Set() };
    collectSpelled(root, segments, spellingAt, found);
    if (paths.ignoreTrailingSlash) collectSpelled(root, toggleTrailingSlash(segments), spellingAt, found);
    const [before, rule] = exact === 'none' ? [rules.length, undefined] : [exact, rules[exact]];
    // A rule can leave a preflight to a later rule, so the list must include that one.
    if (exact !== 'none') found.inEveryReading.add(exact);
    // A rule in shadow mode denies nothing, so the rules after it count.
    return firstOfAllReadings(
      found,
      request,
      (index) => index === exact || (index < before && (isOpen(rule) || !isShadowed(rules[index]))),
    );
  };

  /** Combines an exact match with a wider one. The wider match can deny more, but never allow more. */
  const narrowed = (exact: number | 'none', wide: number): FoundRule => {
    const [rule, wider] = [exact === 'none' ? undefined : rules[exact], rules[wide]];
    if (isOpen(rule) || wider?.deny === true) return wide;
    // If unmatched requests need a token, a preflight without one is not allowed either.
    if (rule === undefined && wider?.allowPreflight !== true) return wide;
    return 'path_ambiguous';
  };

  const find = ({ exact: root, wide: wideRoot }: PathTrees, request: CheckRequest, path: ReadPath) => {
    const exact = findExactly(root, request, path);
    if (wideRoot === undefined || exact === 'path_ambiguous' || isDenied(exact)) return exact;
    const wide = findWidely(wideRoot, request, path, exact);
    if (wide === exact || wide === 'none') return exact;
    return wide === 'path_ambiguous' ? wide : narrowed(exact, wide);
  };

  return (trees, request, path) => {
    const found = find(trees, request, path);
    // An expression can compare a segment with any text.
    const isAmbiguous =
      path.spellings !== undefined &&
      typeof found === 'number' &&
      readsPath[found] === true &&
      path.spellings.isLoose();
    return isAmbiguous ? 'path_ambiguous' : found;
  };
}

function ascending(a: number, b: number): number {
  return a - b;
}
