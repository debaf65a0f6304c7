/** The result of translating one group of settings. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';

/** A comment at the end of a part of the configuration. */
export interface TreeComment {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** The result for one group of settings. */
export interface Part {
  /** Top-level options; no two parts set the same one. */
  readonly config: Mapping;
  readonly findings: readonly Finding[];
  readonly problems?: readonly Problem[];
  /** Problems that matter only after all refused settings are accepted. */
  readonly lacking?: readonly Problem[];
  readonly comments?: readonly TreeComment[];
}
