/** The rules of an APIRule while they are translated: as read, and as one rule for each path pattern. */
import type { SpecRule } from '../read/apirule.ts';
import type { Access } from './access.ts';
import type { RequestChanges } from './mutators.ts';
import type { PathReading } from './paths.ts';
import type { RuleAccess } from './strategies.ts';

/** One rule as it was read. */
export interface ReadRule extends RuleAccess {
  readonly index: number;
  readonly original: SpecRule;
  readonly request: RequestChanges | undefined;
  /** Where its path stands, with the APIRule and the rule. */
  readonly source: string;
}

/** One pattern of a rule, with who is let in there. */
export interface PathRule {
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
