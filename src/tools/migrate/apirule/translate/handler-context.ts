/** What the translation of a handler needs from its surroundings. */
import type { Report } from './findings.ts';
import type { Issuers } from './issuers.ts';

/** Where a handler stands, and what the command line says. */
export interface HandlerContext {
  readonly report: Report;
  readonly issuers: Issuers;
  /** The place of a value below `config`, with the APIRule and the rule. */
  readonly source: (...path: readonly PropertyKey[]) => string;
  /** `--issuer`, for handlers that name none. */
  readonly issuer: string | undefined;
  /** `--audience`, for the tokens of that issuer. */
  readonly audiences: readonly string[];
}
