/** Keeps paths closed that no route of v1beta1 opened, even if a rule allowed them. */

import type { Report } from './findings.ts';
import type { Candidate, PathRule, ReadRule } from './path-rules.ts';
import { isNarrower, overlaps } from './paths.ts';

/** Removes open rules that have no route: the gateway has one route for each expression, that of the first rule. */
export function withoutUnreachable(
  pathRules: readonly PathRule[],
  rules: readonly ReadRule[],
  isIstio: boolean,
  report: Report,
): readonly PathRule[] {
  return pathRules.filter(({ access, rule }) => {
    if (access.kind !== 'open') return true;
    const first = rules.find(({ original }) => original.path === rule.original.path);
    if (first === undefined || first === rule || opensAllMethods(first)) return true;
    // Oathkeeper gets all methods of the first route and knows every rule.
    if (first.route === 'checked' && !isIstio) return true;
    report.add(
      'meaningless',
      'path',
      rule.source,
      `the gateway has one route for ${rule.original.path}, with ${first.original.methods.join(', ')} of rules[${first.index}], so this rule is never reached; to open it, add its methods there`,
    );
    return false;
  });
}

/**
 * Removes open rules on paths that an earlier rule of Oathkeeper covers. Oathkeeper gets all methods of its paths, so a
 * later rule that routes directly to the Service never opens them.
 */
export function withoutNewlyOpened(
  pathRules: readonly PathRule[],
  candidates: readonly Candidate[],
  report: Report,
): readonly PathRule[] {
  const remaining = pathRules.filter(({ path, rule }) => {
    if (rule.route !== 'direct') return true;
    const before = candidates.find(
      (one) =>
        one.rule.index < rule.index &&
        one.rule.route === 'checked' &&
        one.reading.around.some((wide) => wide === path || isNarrower(path, wide)),
    );
    if (before === undefined) return true;
    const text = `the earlier path ${before.rule.original.path} gets all its requests, so ${path} is never open; to open it, move it up`;
    report.add('meaningless', 'path', rule.source, text);
    return false;
  });
  return candidates.flatMap(({ rule, reading: { around } }) => {
    const own = remaining.filter((pathRule) => pathRule.rule === rule);
    if (rule.route !== 'checked') return own;
    const opened = remaining.filter(
      (pathRule) =>
        pathRule.rule.route === 'direct' &&
        pathRule.rule.index > rule.index &&
        overlaps(around, [pathRule.path]),
    );
    const methods = [...new Set(opened.flatMap((one) => one.methods))];
    return [...own, ...around.flatMap((path) => closing(path, methods, rule, remaining))];
  });
}

/** Replaces methods that were never open on a path: by another rule of Oathkeeper for them, or by a denial. */
function closing(
  path: string,
  methods: readonly string[],
  rule: ReadRule,
  remaining: readonly PathRule[],
): PathRule[] {
  const there = remaining.filter((one) => one.path === path);
  const moved = there
    .filter((one) => one.rule.route === 'checked' && one.rank > rule.index)
    .map((one) => ({
      ...one,
      methods: one.methods.filter((method) => methods.includes(method)),
      rank: rule.index,
    }));
  const taken = there.flatMap((one) => one.methods);
  const left = methods.filter((method) => !taken.includes(method));
  const denied: PathRule = { path, methods: left, access: { kind: 'deny' }, rule, rank: rule.index };
  return [...moved, denied].filter((one) => one.methods.length > 0);
}

function opensAllMethods({ original }: ReadRule): boolean {
  return original.accessStrategies.some(({ handler }) => handler === 'allow');
}
