/** The context that the translation of a handler needs. */
import type { Report } from './findings.ts';
import type { Issuers } from './issuers.ts';

/** The context of a handler, and the flags of the command line. */
export interface HandlerContext {
  readonly report: Report;
  readonly issuers: Issuers;
  /** The location of a value below `config`, with the names of the APIRule and the rule. */
  readonly source: (...path: readonly PropertyKey[]) => string;
  /** `--issuer`, for handlers that name no issuer. */
  readonly issuer: string | undefined;
  /** `--audience`, for the tokens of that issuer. */
  readonly audiences: readonly string[];
}
