/** Selects the path patterns of each rule, so that no path becomes more open than it is in v1beta1. */

import { type Access, sameAccess } from './access.ts';
import type { Report } from './findings.ts';
import type { Candidate, PathRule, ReadRule } from './path-rules.ts';
import { commonPaths, hasOperator, isNarrower, overlaps, readPath } from './paths.ts';
import { withoutNewlyOpened, withoutUnreachable } from './routes.ts';

/** Selects the patterns of all rules, in the order of the list. */
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
  const listPaths = (paths: readonly string[]) => paths.join(' and ');
  if (
    isIstio &&
    access.kind !== 'deny' &&
    original.path !== '/.*' &&
    original.path !== '/*' &&
    hasOperator(original.path)
  ) {
    const before = "Istio's policies treat only /.* as an expression, so this path allows no request";
    if (access.kind === 'token')
      report.add('changed', 'path', source, `${before}; in v2 it allows requests with the token`);
    else if (!report.refuse('path', source, `${before}; write a plain path to open it`))
      return { paths: [], access };
  }
  if (reading.isExact) {
    report.add('kept', 'path', source, listPaths(reading.within));
    return { paths: reading.within, access };
  }
  const cannot = `the expression ${original.path} is not a path pattern`;
  if (access.kind === 'open') {
    if (reading.within.length > 0)
      report.add('changed', 'path', source, `${cannot}; only ${listPaths(reading.within)} stays open`);
    else
      report.refuse(
        'path',
        source,
        `${cannot}, and no pattern lies within it; the paths that it opens would be closed`,
      );
    return { paths: reading.within, access };
  }
  const isSafe = {
    around: !all.some((other) => takesRequestsOf({ rule, reading }, other)),
    within: reading.within.length > 0 && !all.some((other) => leavesRequestsTo({ rule, reading }, other)),
  };
  const wanted =
    reading.meant === 'around' ? (['around', 'within'] as const) : (['within', 'around'] as const);
  const chosen = access.kind === 'deny' ? 'around' : wanted.find((one) => isSafe[one]);
  if (chosen !== undefined) {
    const effect =
      chosen === 'around' ? 'all its paths are guarded as before' : 'other paths that it matches are denied';
    report.add(
      'changed',
      'path',
      source,
      `${cannot}; it becomes ${listPaths(reading[chosen])}, and ${effect}`,
    );
    return { paths: reading[chosen], access };
  }
  const dots = /\/[^/]*[\w-]\.[\w-]/.test(original.path)
    ? '; if its dots are literal, write them as \\.'
    : '';
  report.refuse(
    'path',
    source,
    `${cannot}, and another rule would decide about a part of ${listPaths(reading.around)}${dots}`,
  );
  return { paths: reading.around, access: { kind: 'deny' } };
}

/** Whether a pattern around the path of a rule matches requests that another rule decides about differently. */
function takesRequestsOf({ rule, reading }: Candidate, other: Candidate): boolean {
  if (other.rule === rule || other.rule.access.kind === 'open' || sameAccess(rule.access, other.rule.access))
    return false;
  return (
    haveCommonMethod(rule, other.rule) &&
    reading.around.some((wide) =>
      other.reading.around.some((path) => commonPaths(wide, path) !== undefined && !isNarrower(path, wide)),
    )
  );
}

/** Whether another rule would decide about paths that the pattern within the path of a rule leaves out. */
function leavesRequestsTo({ rule, reading }: Candidate, other: Candidate): boolean {
  if (other.rule === rule || sameAccess(rule.access, other.rule.access)) return false;
  if (other.rule.index < rule.index && other.reading.isExact) return false;
  return haveCommonMethod(rule, other.rule) && overlaps(reading.around, other.reading.around);
}

function haveCommonMethod(one: ReadRule, other: ReadRule): boolean {
  return one.original.methods.some((method) => other.original.methods.includes(method));
}
