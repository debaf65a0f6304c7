/** The result for one setting of a migration: one line of the report. */

/**
 * `kept`: an option replaces it. `meaningless`: oidc-authz does not need it. `changed`: the behavior differs, as the
 * text says. `refused`: it affects access, and oidc-authz has no counterpart.
 */
export type Verdict = 'kept' | 'meaningless' | 'changed' | 'refused';

/** The result for one setting. */
export interface Finding {
  /** The name that the operator knows and that `--accept` takes, for example `cookie-domain`. */
  readonly setting: string;
  /** The location, for example `values.yaml:9:3 extraArgs` or `environment OAUTH2_PROXY_SCOPE`. */
  readonly source: string;
  readonly verdict: Verdict;
  /**
   * Continues "kept as", "has no meaning here because", "changes behavior:" or "refused because". Never contains a
   * secret.
   */
  readonly text: string;
}
