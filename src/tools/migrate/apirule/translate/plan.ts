/** Which patterns of paths each rule of an APIRule gets: never more of an open one, and nothing of a guarded one that another would open. */

import type { GivenRule } from '../read/apirule.ts';
import { type Access, sameAccess } from './access.ts';
import type { Report } from './findings.ts';
import type { RequestChanges } from './mutators.ts';
import { commonPaths, hasOperator, isNarrower, overlaps, type PathReading, readPath } from './paths.ts';
import { keepClosed, withoutUnrouted } from './routes.ts';
import type { RuleAccess } from './strategies.ts';

/** One rule as it was read. */
export interface ReadRule extends RuleAccess {
  readonly index: number;
  readonly given: GivenRule;
  readonly request: RequestChanges | undefined;
  /** Where its path stands, with the APIRule and the rule. */
  readonly source: string;
}

/** One pattern of a rule, with who is let in there. */
export interface Atom {
  readonly path: string;
  readonly methods: readonly string[];
  readonly access: Access;
  readonly rule: ReadRule;
  /** Its place in the order that v1beta1 decided in; as a rule that of its rule in the list. */
  readonly rank: number;
}

/** A rule and the patterns that its path may become. */
export interface Candidate {
  readonly rule: ReadRule;
  readonly reading: PathReading;
}

/** Chooses the patterns of every rule, in the order of the list. */
export function planAtoms(rules: readonly ReadRule[], isIstio: boolean, report: Report): readonly Atom[] {
  const candidates = rules.map((rule) => ({ rule, reading: readPath(rule.given.path, isIstio) }));
  const atoms = candidates.flatMap((candidate) => {
    const { rule } = candidate;
    const { paths, access } = choose(candidate, candidates, isIstio, report);
    return paths.map(
      (path): Atom => ({ path, methods: [...new Set(rule.given.methods)], access, rule, rank: rule.index }),
    );
  });
  const routed = withoutUnrouted(atoms, rules, isIstio, report);
  return isIstio ? routed : keepClosed(routed, candidates, report);
}

function choose(
  { rule, reading }: Candidate,
  all: readonly Candidate[],
  isIstio: boolean,
  report: Report,
): { paths: readonly string[]; access: Access } {
  const { access, given, source } = rule;
  const told = (paths: readonly string[]) => paths.join(' and ');
  if (
    isIstio &&
    access.kind !== 'deny' &&
    given.path !== '/.*' &&
    given.path !== '/*' &&
    hasOperator(given.path)
  ) {
    const before =
      "in Istio's policies, of which these rules were, only /.* was an expression, so the path let nobody in";
    if (access.kind === 'token')
      report.add('changed', 'path', source, `${before}; now it lets in who has the token`);
    else if (!report.refuse('path', source, `${before}; give it as a plain path if it is to be open`))
      return { paths: [], access };
  }
  if (reading.isExact) {
    report.add('kept', 'path', source, told(reading.within));
    return { paths: reading.within, access };
  }
  const cannot = `the expression ${given.path} is no pattern`;
  if (access.kind === 'open') {
    if (reading.within.length > 0)
      report.add('changed', 'path', source, `${cannot}; open is now only ${told(reading.within)}`);
    else
      report.refuse(
        'path',
        source,
        `${cannot}, and nothing that is one lies within it; what it opened would be closed`,
      );
    return { paths: reading.within, access };
  }
  const isSafe = {
    around: !all.some((other) => isEndangeredBy({ rule, reading }, other)),
    within: reading.within.length > 0 && !all.some((other) => isLetInBy({ rule, reading }, other)),
  };
  const wanted =
    reading.meant === 'around' ? (['around', 'within'] as const) : (['within', 'around'] as const);
  const chosen = access.kind === 'deny' ? 'around' : wanted.find((one) => isSafe[one]);
  if (chosen !== undefined) {
    const effect =
      chosen === 'around' ? 'all of it is guarded as the expression was' : 'what else it matched is refused';
    report.add('changed', 'path', source, `${cannot}; it is now ${told(reading[chosen])}, and ${effect}`);
    return { paths: reading[chosen], access };
  }
  const dots = /\/[^/]*[\w-]\.[\w-]/.test(given.path)
    ? '; if its dots are meant as such, write them as \\.'
    : '';
  report.refuse(
    'path',
    source,
    `${cannot}, and another rule for ${told(reading.around)} would decide about a part of it${dots}`,
  );
  return { paths: reading.around, access: { kind: 'deny' } };
}

/** Whether a pattern around a rule's path takes requests that another one decided about otherwise. */
function isEndangeredBy({ rule, reading }: Candidate, other: Candidate): boolean {
  if (other.rule === rule || other.rule.access.kind === 'open' || sameAccess(rule.access, other.rule.access))
    return false;
  return (
    haveCommonMethod(rule, other.rule) &&
    reading.around.some((wide) =>
      other.reading.around.some((path) => commonPaths(wide, path) !== undefined && !isNarrower(path, wide)),
    )
  );
}

/** Whether what a pattern within a rule's path leaves out falls to a later one, or to one that is wider than it was. */
function isLetInBy({ rule, reading }: Candidate, other: Candidate): boolean {
  if (other.rule === rule || sameAccess(rule.access, other.rule.access)) return false;
  if (other.rule.index < rule.index && other.reading.isExact) return false;
  return haveCommonMethod(rule, other.rule) && overlaps(reading.around, other.reading.around);
}

function haveCommonMethod(one: ReadRule, other: ReadRule): boolean {
  return one.given.methods.some((method) => other.given.methods.includes(method));
}
