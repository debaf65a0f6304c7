/** Which patterns of paths each rule of an APIRule gets: never more of an open one, and nothing of a guarded one that another would open. */

import { type Access, sameAccess } from './access.ts';
import type { Report } from './findings.ts';
import type { Candidate, PathRule, ReadRule } from './path-rules.ts';
import { commonPaths, hasOperator, isNarrower, overlaps, readPath } from './paths.ts';
import { withoutNewlyOpened, withoutUnreachable } from './routes.ts';

/** Chooses the patterns of every rule, in the order of the list. */
export function planPathRules(
  rules: readonly ReadRule[],
  isIstio: boolean,
  report: Report,
): readonly PathRule[] {
  const candidates = rules.map((rule) => ({ rule, reading: readPath(rule.original.path, isIstio) }));
  const pathRules = candidates.flatMap((candidate) => {
    const { rule } = candidate;
    const { paths, access } = choose(candidate, candidates, isIstio, report);
    return paths.map(
      (path): PathRule => ({
        path,
        methods: [...new Set(rule.original.methods)],
        access,
        rule,
        rank: rule.index,
      }),
    );
  });
  const routed = withoutUnreachable(pathRules, rules, isIstio, report);
  return isIstio ? routed : withoutNewlyOpened(routed, candidates, report);
}

function choose(
  { rule, reading }: Candidate,
  all: readonly Candidate[],
  isIstio: boolean,
  report: Report,
): { paths: readonly string[]; access: Access } {
  const { access, original, source } = rule;
  const told = (paths: readonly string[]) => paths.join(' and ');
  if (
    isIstio &&
    access.kind !== 'deny' &&
    original.path !== '/.*' &&
    original.path !== '/*' &&
    hasOperator(original.path)
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
  const cannot = `the expression ${original.path} is no pattern`;
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
  const dots = /\/[^/]*[\w-]\.[\w-]/.test(original.path)
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
  return one.original.methods.some((method) => other.original.methods.includes(method));
}
