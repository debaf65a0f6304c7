/** The text of a reason of a decision. */

/** The text of one reason: Markdown, with links relative to `docs/`. */
export interface ReasonText {
  /** The usual causes, the most likely one first. */
  readonly causes: readonly string[];
  /** How to confirm the cause, in addition to the log record of the check. */
  readonly look: readonly string[];
  readonly fix: readonly string[];
  /** The options that affect this reason. */
  readonly options: readonly string[];
}

/** How to look at a token. */
export const decodeToken =
  'Decode the token ([how](providers/README.md#look-at-a-token)), or run `explain FILE --token-file T`.';
/** How to look at the issuers. */
export const readyz = 'Look at `/readyz` on the admin port: it lists the problem of each issuer.';
