/** Writes the configuration for APIRules: their issuers, and a rule for each path and its methods. */
import { compileExpression } from '../../../../config/expression/lazy-expression.ts';
import { type Access, sameAccess, type TokenNeeds } from '../translate/access.ts';
import type { Report } from '../translate/findings.ts';
import type { Issuers } from '../translate/issuers.ts';
import type { PathRule } from '../translate/path-rules.ts';
import { requirementsOf, type WrittenRequire } from '../translate/requirements.ts';

/** The path rules of an APIRule in order, with its hosts. */
export interface HostRules {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly pathRules: readonly PathRule[];
}

/** A rule as it is written. */
interface WrittenRule {
  readonly name: string;
  readonly match: {
    readonly hosts: readonly string[];
    readonly paths: string[];
    readonly methods: readonly string[];
  };
  readonly allow?: 'anonymous';
  readonly deny?: true;
  readonly require?: WrittenRequire;
}

/** Writes the configuration; undefined if no path needs the authorizer. */
export function configurationOf(
  all: readonly HostRules[],
  issuers: Issuers,
  report: Report,
): object | undefined {
  // If an APIRule only opens paths, its workload needs no authorizer.
  const guarded = all.filter(({ pathRules }) => pathRules.some(({ access }) => access.kind !== 'open'));
  if (guarded.length === 0) return undefined;
  const written = issuers.written(
    guarded.flatMap(({ pathRules }) => pathRules.flatMap(({ access }) => needsOf(access))),
  );
  if (written.length === 0) {
    const [pathRule] = guarded.flatMap(({ pathRules }) =>
      pathRules.filter(({ access }) => access.kind !== 'open'),
    );
    report.refuse(
      'accessStrategies',
      pathRule?.rule.source ?? '',
      'no APIRule names an issuer, and an authorizer needs one; pass --issuer URL',
    );
    return undefined;
  }
  const names = new Map(written.map(({ issuer, name }) => [issuer, name]));
  const nameOf = written.length > 1 ? (issuer: string) => names.get(issuer) ?? issuer : undefined;
  const taken = new Set<string>();
  const rules = guarded.flatMap(({ name, hosts, pathRules }) => {
    const groups = grouped(pathRules);
    return groups.map((group): WrittenRule => {
      const [{ access, methods, rule }] = group;
      const written = access.kind === 'token' ? requirementsOf(access.anyOf, nameOf) : undefined;
      return {
        name: freeName(`${name}-${rule.index + 1}`, taken),
        match: { hosts, paths: group.map(({ path }) => path), methods },
        ...(access.kind === 'open' && { allow: 'anonymous' as const }),
        ...(access.kind === 'deny' && { deny: true as const }),
        ...(written !== undefined &&
          (isUsable(written, rule.source, report) ? { require: written } : { deny: true as const })),
      };
    });
  });
  return {
    issuers: written.map(({ name, ...issuer }) => (written.length > 1 ? { name, ...issuer } : issuer)),
    // Istio, and therefore Kyma, ignores ports in routes.
    hosts: { ports: 'ignore' },
    rules,
  };
}

function needsOf(access: Access): readonly TokenNeeds[] {
  return access.kind === 'token' ? access.anyOf : [];
}

/** Groups consecutive rules of one APIRule rule with the same access. */
function grouped(pathRules: readonly PathRule[]): [PathRule, ...PathRule[]][] {
  const groups: [PathRule, ...PathRule[]][] = [];
  for (const pathRule of pathRules) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    const isSame =
      first !== undefined &&
      first.rule === pathRule.rule &&
      first.methods.join() === pathRule.methods.join() &&
      sameAccess(first.access, pathRule.access);
    if (isSame) group?.push(pathRule);
    else groups.push([pathRule]);
  }
  return groups;
}

function freeName(wanted: string, taken: Set<string>): string {
  const base = wanted.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  for (let count = 1; ; count++) {
    const end = count === 1 ? '' : `.${count}`;
    const name = `${base.slice(-(63 - end.length)).replace(/^[^A-Za-z0-9]+/, '')}${end}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

function isUsable({ expression }: WrittenRequire, source: string, report: Report): boolean {
  if (expression === undefined) return true;
  try {
    compileExpression(expression);
    return true;
  } catch {
    report.refuse(
      'authorizations',
      source,
      'there are too many alternatives for one expression; reduce them',
    );
    return false;
  }
}
