/** Orders path rules: narrow patterns first. If two patterns overlap, the decision of the earlier rule stays. */
import { pathCovers } from '../../../../config/rules/patterns.ts';
import { sameAccess } from './access.ts';
import type { Report } from './findings.ts';
import type { PathRule } from './path-rules.ts';
import { commonPaths, isNarrower } from './paths.ts';

/** The maximum number of rules in an APIRule. */
const maxPathRules = 256;

/** Orders path rules. */
export function ordered(
  pathRules: readonly PathRule[],
  isIstio: boolean,
  report: Report,
): readonly PathRule[] {
  const single = withoutRepeats(pathRules, report);
  const settled = settleOverlaps(single, isIstio, report);
  const sorted: PathRule[] = [];
  for (const pathRule of settled) {
    // `{*}` matches no empty segment, but our configuration expects the empty one first.
    const at = sorted.findIndex(
      (later) => pathCovers(later.path, pathRule.path) && !pathCovers(pathRule.path, later.path),
    );
    sorted.splice(at < 0 ? sorted.length : at, 0, pathRule);
  }
  return sorted;
}

/** If two rules have the same pattern, the first one gets the methods. */
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
        `an earlier path is also ${pathRule.path} and decides about ${pathRule.methods.filter((method) => !methods.includes(method)).join(', ')}`,
      );
    return methods.length === 0 ? [] : [{ ...pathRule, methods }];
  });
}

/** If two patterns overlap and neither contains the other, adds their common paths as a rule of the first. */
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
        isIstio ? first : (decidedEarlier(first, path, method, all) ?? first),
      );
      const deciding = [...new Set([...deciders.keys()].map(({ rule }) => rule.original.path))].join(' and ');
      report.add(
        'changed',
        'path',
        second.rule.source,
        `${second.path} and ${first.path} have ${path} in common, which ${deciding} decides about; Kyma may report a path conflict`,
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

/** The earlier rule of Oathkeeper that covers an open path; undefined if there is none. */
function decidedEarlier(
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

/** Reports a pattern within another one, if v1beta1 does not let the narrow one decide. */
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
    ? 'Istio allows a request if one of the two rules does'
    : isFirstDirect
      ? `${first.rule.original.path} above opens it`
      : 'Oathkeeper denies a request that matches two rules';
  report.add(
    'changed',
    'path',
    narrow.rule.source,
    `only ${narrow.path} decides about ${methods.join(', ')} there, and ${wide.path} about all other paths; ${before}`,
  );
}
