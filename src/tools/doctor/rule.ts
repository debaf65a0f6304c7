/** A rule of `doctor`: the declaration of one kind of finding, and the check that finds it. */
import type { Finding, Found, Severity } from './finding.ts';

/** The declaration of one kind of finding. docs/findings.md is generated from it. */
export interface Declaration {
  /** For example `K02`. */
  readonly id: string;
  /** A noun phrase, for example `Header of the service that the entry does not list`. */
  readonly title: string;
  readonly severity: Severity;
  /** Sentences for the reader who has never heard of it. */
  readonly effect: string;
  readonly fix: string;
  /** Whether the rule needs the configuration of the service. Without one, the report says that it was skipped. */
  readonly needsConfig?: boolean;
}

/** A rule over an input, such as the world of manifests. */
export interface Rule<Input> extends Declaration {
  readonly check: (input: Input) => readonly Found[];
}

/** Runs rules, without the ignored ids. The most severe findings come first; equal findings appear once. */
export function runRules<Input>(
  rules: readonly Rule<Input>[],
  input: Input,
  ignored: readonly string[] = [],
): readonly Finding[] {
  return sortFindings(
    rules
      .filter(({ id }) => !ignored.includes(id))
      .flatMap((rule) => rule.check(input).map((found) => findingOf(rule, found))),
  );
}

/** Completes a finding with its rule's declaration. */
export function findingOf({ id, title, severity, effect, fix }: Declaration, found: Found): Finding {
  return { title, severity, effect, fix, ...found, id, link: `docs/findings.md#${id.toLowerCase()}` };
}

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** Sorts by severity, then by id; the findings of one rule keep their order. Equal findings appear once. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const unique = [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
  return unique.toSorted(
    (a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || a.id.localeCompare(b.id),
  );
}
