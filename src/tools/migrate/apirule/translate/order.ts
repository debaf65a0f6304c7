/** The order of patterns: the narrow ones first, and where two overlap, what the earlier rule of the list decided. */
import { pathCovers } from '../../../../config/rules/patterns.ts';
import { sameAccess } from './access.ts';
import type { Report } from './findings.ts';
import type { PathRule } from './path-rules.ts';
import { commonPaths, isNarrower } from './paths.ts';

/** The most patterns that an APIRule can have. */
const maxPathRules = 256;

/** Puts patterns in order. */
export function ordered(
  pathRules: readonly PathRule[],
  isIstio: boolean,
  report: Report,
): readonly PathRule[] {
  const single = withoutRepeats(pathRules, report);
  const settled = settleOverlaps(single, isIstio, report);
  const sorted: PathRule[] = [];
  for (const pathRule of settled) {
    // An empty segment is none of `{*}`, but is put before it too: our configuration asks for that order.
    const at = sorted.findIndex(
      (later) => pathCovers(later.path, pathRule.path) && !pathCovers(pathRule.path, later.path),
    );
    sorted.splice(at < 0 ? sorted.length : at, 0, pathRule);
  }
  return sorted;
}

/** Of two patterns that are one, the first has its methods. */
function withoutRepeats(pathRules: readonly PathRule[], report: Report): PathRule[] {
  const taken = new Map<string, PathRule>();
  return pathRules.flatMap((pathRule) => {
    const ownerOf = (method: string) => taken.get(`${method} ${pathRule.path}`);
    const methods = pathRule.methods.filter((method) => ownerOf(method) === undefined);
    const isLost = pathRule.methods.some((method) => (ownerOf(method) ?? pathRule).rule !== pathRule.rule);
    for (const method of methods) taken.set(`${method} ${pathRule.path}`, pathRule);
    if (isLost && pathRule.access.kind !== 'deny')
      report.add(
        'meaningless',
        'methods',
        pathRule.rule.source,
        `another path above is ${pathRule.path} too, and decides about ${pathRule.methods.filter((method) => !methods.includes(method)).join(', ')}`,
      );
    return methods.length === 0 ? [] : [{ ...pathRule, methods }];
  });
}

/** Where neither of two patterns lies within the other, what they have in common becomes a pattern of the first. */
function settleOverlaps(pathRules: readonly PathRule[], isIstio: boolean, report: Report): PathRule[] {
  const all = [...pathRules];
  for (let index = 1; index < all.length; index++)
    for (let other = 0; other < index; other++) {
      const [one, two] = [all[other], all[index]];
      if (one === undefined || two === undefined || one.rule === two.rule) continue;
      const [first, second] = one.rank <= two.rank ? [one, two] : [two, one];
      const methods = first.methods.filter((method) => second.methods.includes(method));
      const path = methods.length === 0 ? undefined : commonPaths(first.path, second.path);
      if (path === undefined || sameAccess(first.access, second.access)) continue;
      const isNested = isNarrower(second.path, first.path) || isNarrower(first.path, second.path);
      if (isNested) {
        reportNested(first, second, methods, isIstio, report);
        continue;
      }
      const deciders = Map.groupBy(methods, (method) =>
        isIstio ? first : (takenBefore(first, path, method, all) ?? first),
      );
      const told = [...new Set([...deciders.keys()].map(({ rule }) => rule.original.path))].join(' and ');
      report.add(
        'changed',
        'path',
        second.rule.source,
        `${second.path} and ${first.path} have ${path} in common, which ${told} decides about; Kyma may call that a conflict of paths`,
      );
      const known = new Set(all.filter((known) => known.path === path).flatMap((known) => known.methods));
      for (const [decider, own] of deciders) {
        const missing = own.filter((method) => !known.has(method));
        if (missing.length > 0 && all.length < maxPathRules) all.push({ ...decider, path, methods: missing });
        else if (missing.length > 0) report.refuse('path', second.rule.source, 'too many paths overlap');
      }
    }
  return all;
}

/** What kept a path from ever being open by a pattern that is: Oathkeeper had all requests of an earlier one. */
function takenBefore(
  { access, rule, rank }: PathRule,
  path: string,
  method: string,
  all: readonly PathRule[],
): PathRule | undefined {
  if (access.kind !== 'open' || rule.route !== 'direct') return undefined;
  return all
    .filter((one) => one.rank < rank && one.access.kind !== 'open' && one.rule.route === 'checked')
    .find((one) => one.methods.includes(method) && pathCovers(one.path, path));
}

/** Tells what v1beta1 made of a pattern within another, where that was something else than the narrow one deciding. */
function reportNested(
  first: PathRule,
  second: PathRule,
  methods: readonly string[],
  isIstio: boolean,
  report: Report,
): void {
  const [narrow, wide] = isNarrower(first.path, second.path) ? [first, second] : [second, first];
  if (narrow.access.kind === 'deny') return;
  const isFirstDirect = !isIstio && first.rule.route === 'direct';
  if (narrow === first && (isFirstDirect || (!isIstio && wide.rule.route === 'direct'))) return;
  const before = isIstio
    ? 'Istio let in whoever one of the two let in'
    : isFirstDirect
      ? `${first.rule.original.path} above opened it`
      : 'Oathkeeper refused what two rules match';
  report.add(
    'changed',
    'path',
    narrow.rule.source,
    `${narrow.path} alone decides about ${methods.join(', ')} there, and ${wide.path} about the rest; ${before}`,
  );
}
