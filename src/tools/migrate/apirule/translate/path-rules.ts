/** The rules of an APIRule while they are translated: as read, and as one rule for each path pattern. */
import type { SpecRule } from '../read/apirule.ts';
import type { Access } from './access.ts';
import type { RequestChanges } from './mutators.ts';
import type { PathReading } from './paths.ts';
import type { RuleAccess } from './strategies.ts';

/** One rule of the original. */
export interface ReadRule extends RuleAccess {
  readonly index: number;
  readonly original: SpecRule;
  readonly request: RequestChanges | undefined;
  /** The location of its path, with the names of the APIRule and the rule. */
  readonly source: string;
}

/** One path pattern of a rule, with its access. */
export interface PathRule {
  readonly path: string;
  readonly methods: readonly string[];
  readonly access: Access;
  readonly rule: ReadRule;
  /** Its position in the order of v1beta1; usually that of its rule in the list. */
  readonly rank: number;
}

/** A rule and the patterns that its path may become. */
export interface Candidate {
  readonly rule: ReadRule;
  readonly reading: PathReading;
}
