/** The order of patterns: the narrow ones first, and where two overlap, what the earlier rule of the list decided. */
import { pathCovers } from '../../../../config/rules/patterns.ts';
import { sameAccess } from './access.ts';
import type { Report } from './findings.ts';
import { commonPaths, isNarrower } from './paths.ts';
import type { Atom } from './plan.ts';

/** The most patterns that an APIRule can have. */
const maxAtoms = 256;

/** Puts patterns in order. */
export function ordered(atoms: readonly Atom[], isIstio: boolean, report: Report): readonly Atom[] {
  const single = withoutRepeats(atoms, report);
  const settled = settleOverlaps(single, isIstio, report);
  const sorted: Atom[] = [];
  for (const atom of settled) {
    // An empty segment is none of `{*}`, but is put before it too: our configuration asks for that order.
    const at = sorted.findIndex(
      (later) => pathCovers(later.path, atom.path) && !pathCovers(atom.path, later.path),
    );
    sorted.splice(at < 0 ? sorted.length : at, 0, atom);
  }
  return sorted;
}

/** Of two patterns that are one, the first has its methods. */
function withoutRepeats(atoms: readonly Atom[], report: Report): Atom[] {
  const taken = new Map<string, Atom>();
  return atoms.flatMap((atom) => {
    const ownerOf = (method: string) => taken.get(`${method} ${atom.path}`);
    const methods = atom.methods.filter((method) => ownerOf(method) === undefined);
    const isLost = atom.methods.some((method) => (ownerOf(method) ?? atom).rule !== atom.rule);
    for (const method of methods) taken.set(`${method} ${atom.path}`, atom);
    if (isLost && atom.access.kind !== 'deny')
      report.add(
        'meaningless',
        'methods',
        atom.rule.source,
        `another path above is ${atom.path} too, and decides about ${atom.methods.filter((method) => !methods.includes(method)).join(', ')}`,
      );
    return methods.length === 0 ? [] : [{ ...atom, methods }];
  });
}

/** Where neither of two patterns lies within the other, what they have in common becomes a pattern of the first. */
function settleOverlaps(atoms: readonly Atom[], isIstio: boolean, report: Report): Atom[] {
  const all = [...atoms];
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
        tellNested(first, second, methods, isIstio, report);
        continue;
      }
      const deciders = Map.groupBy(methods, (method) =>
        isIstio ? first : (takenBefore(first, path, method, all) ?? first),
      );
      const told = [...new Set([...deciders.keys()].map(({ rule }) => rule.given.path))].join(' and ');
      report.add(
        'changed',
        'path',
        second.rule.source,
        `${second.path} and ${first.path} have ${path} in common, which ${told} decides about; Kyma may call that a conflict of paths`,
      );
      const known = new Set(all.filter((known) => known.path === path).flatMap((known) => known.methods));
      for (const [decider, own] of deciders) {
        const missing = own.filter((method) => !known.has(method));
        if (missing.length > 0 && all.length < maxAtoms) all.push({ ...decider, path, methods: missing });
        else if (missing.length > 0) report.refuse('path', second.rule.source, 'too many paths overlap');
      }
    }
  return all;
}

/** What kept a path from ever being open by a pattern that is: Oathkeeper had all requests of an earlier one. */
function takenBefore(
  { access, rule, rank }: Atom,
  path: string,
  method: string,
  all: readonly Atom[],
): Atom | undefined {
  if (access.kind !== 'open' || rule.route !== 'direct') return undefined;
  return all
    .filter((one) => one.rank < rank && one.access.kind !== 'open' && one.rule.route === 'checked')
    .find((one) => one.methods.includes(method) && pathCovers(one.path, path));
}

/** Tells what v1beta1 made of a pattern within another, where that was something else than the narrow one deciding. */
function tellNested(
  first: Atom,
  second: Atom,
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
      ? `${first.rule.given.path} above opened it`
      : 'Oathkeeper refused what two rules match';
  report.add(
    'changed',
    'path',
    narrow.rule.source,
    `${narrow.path} alone decides about ${methods.join(', ')} there, and ${wide.path} about the rest; ${before}`,
  );
}
