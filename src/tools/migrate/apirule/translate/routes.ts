/** What v1beta1's routes at the gateway kept from being open, whatever its rules said. */

import type { Report } from './findings.ts';
import { isNarrower, overlaps } from './paths.ts';
import type { Atom, Candidate, ReadRule } from './plan.ts';

/** The gateway has one route for each expression, and the first rule of it has that. So a later one opens nothing. */
export function withoutUnrouted(
  atoms: readonly Atom[],
  rules: readonly ReadRule[],
  isIstio: boolean,
  report: Report,
): readonly Atom[] {
  return atoms.filter(({ access, rule }) => {
    if (access.kind !== 'open') return true;
    const first = rules.find(({ given }) => given.path === rule.given.path);
    if (first === undefined || first === rule || opensAllMethods(first)) return true;
    // Oathkeeper gets all methods of the first one's route, and knows every rule.
    if (first.route === 'checked' && !isIstio) return true;
    report.add(
      'meaningless',
      'path',
      rule.source,
      `the gateway has one route for ${rule.given.path}, with ${first.given.methods.join(', ')} of rules[${first.index}], so this was never open; give those the methods too to open it`,
    );
    return false;
  });
}

/**
 * Oathkeeper's rules take every method of their path at the gateway. So what a later one opens straight to the Service
 * was never open on such a path, neither its methods nor others.
 */
export function keepClosed(
  atoms: readonly Atom[],
  candidates: readonly Candidate[],
  report: Report,
): readonly Atom[] {
  const kept = atoms.filter(({ path, rule }) => {
    if (rule.route !== 'direct') return true;
    const before = candidates.find(
      (one) =>
        one.rule.index < rule.index &&
        one.rule.route === 'checked' &&
        one.reading.around.some((wide) => wide === path || isNarrower(path, wide)),
    );
    if (before === undefined) return true;
    const text = `the path ${before.rule.given.path} comes first and takes all its requests, so ${path} was never open; put it above to open it`;
    report.add('meaningless', 'path', rule.source, text);
    return false;
  });
  return candidates.flatMap(({ rule, reading: { around } }) => {
    const own = kept.filter((atom) => atom.rule === rule);
    if (rule.route !== 'checked') return own;
    const opened = kept.filter(
      (atom) => atom.rule.route === 'direct' && atom.rule.index > rule.index && overlaps(around, [atom.path]),
    );
    const methods = [...new Set(opened.flatMap((one) => one.methods))];
    return [...own, ...around.flatMap((path) => closing(path, methods, rule, kept))];
  });
}

/** What takes the place of methods that were never open on a path: what another rule of Oathkeeper says of them, or nothing does. */
function closing(path: string, methods: readonly string[], rule: ReadRule, kept: readonly Atom[]): Atom[] {
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
  const denied: Atom = { path, methods: left, access: { kind: 'deny' }, rule, rank: rule.index };
  return [...moved, denied].filter((one) => one.methods.length > 0);
}

function opensAllMethods({ given }: ReadRule): boolean {
  return given.accessStrategies.some(({ handler }) => handler === 'allow');
}
