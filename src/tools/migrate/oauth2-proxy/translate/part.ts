/** The result of translating one group of settings. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Tree } from '../../../../config/values/raw-values.ts';
import type { Finding } from '../../finding.ts';

/** A comment that stands at the end of a part of the configuration. */
export interface TreeComment {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** What one topic becomes. */
export interface Part {
  /** Options of the top, which go beside those of the other parts. */
  readonly config: Tree;
  readonly findings: readonly Finding[];
  readonly problems?: readonly Problem[];
  /** Problems that there are only once everything that is refused is accepted. */
  readonly lacking?: readonly Problem[];
  readonly comments?: readonly TreeComment[];
}
