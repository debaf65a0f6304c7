/** What v1beta1's routes at the gateway kept from being open, whatever its rules said. */

import type { Report } from './findings.ts';
import type { Candidate, PathRule, ReadRule } from './path-rules.ts';
import { isNarrower, overlaps } from './paths.ts';

/** The gateway has one route for each expression, and the first rule of it has that. So a later one opens nothing. */
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
    // Oathkeeper gets all methods of the first one's route, and knows every rule.
    if (first.route === 'checked' && !isIstio) return true;
    report.add(
      'meaningless',
      'path',
      rule.source,
      `the gateway has one route for ${rule.original.path}, with ${first.original.methods.join(', ')} of rules[${first.index}], so this was never open; give those the methods too to open it`,
    );
    return false;
  });
}

/**
 * Oathkeeper's rules take every method of their path at the gateway. So what a later one opens straight to the Service
 * was never open on such a path, neither its methods nor others.
 */
export function withoutNewlyOpened(
  pathRules: readonly PathRule[],
  candidates: readonly Candidate[],
  report: Report,
): readonly PathRule[] {
  const kept = pathRules.filter(({ path, rule }) => {
    if (rule.route !== 'direct') return true;
    const before = candidates.find(
      (one) =>
        one.rule.index < rule.index &&
        one.rule.route === 'checked' &&
        one.reading.around.some((wide) => wide === path || isNarrower(path, wide)),
    );
    if (before === undefined) return true;
    const text = `the path ${before.rule.original.path} comes first and takes all its requests, so ${path} was never open; put it above to open it`;
    report.add('meaningless', 'path', rule.source, text);
    return false;
  });
  return candidates.flatMap(({ rule, reading: { around } }) => {
    const own = kept.filter((pathRule) => pathRule.rule === rule);
    if (rule.route !== 'checked') return own;
    const opened = kept.filter(
      (pathRule) =>
        pathRule.rule.route === 'direct' &&
        pathRule.rule.index > rule.index &&
        overlaps(around, [pathRule.path]),
    );
    const methods = [...new Set(opened.flatMap((one) => one.methods))];
    return [...own, ...around.flatMap((path) => closing(path, methods, rule, kept))];
  });
}

/** What takes the place of methods that were never open on a path: what another rule of Oathkeeper says of them, or nothing does. */
function closing(
  path: string,
  methods: readonly string[],
  rule: ReadRule,
  kept: readonly PathRule[],
): PathRule[] {
  const there = kept.filter((one) => one.path === path);
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
