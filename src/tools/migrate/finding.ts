/** What becomes of a setting that is carried over from elsewhere: one line of the report. */

/**
 * What becomes of it: `kept`, in our terms; `meaningless`, since nothing here has a use for it; `changed`, with another
 * behaviour that the text tells; `refused`, since it guards or opens something in a way that there is none of here.
 */
export type Verdict = 'kept' | 'meaningless' | 'changed' | 'refused';

/** One setting, and what becomes of it. */
export interface Finding {
  /** Its name as its owner knows it, and as `--accept` takes it, e.g. `cookie-domain`. */
  readonly setting: string;
  /** Where it was given, e.g. `values.yaml:9:3 extraArgs` or `environment OAUTH2_PROXY_SCOPE`. */
  readonly source: string;
  readonly verdict: Verdict;
  /** Goes on after "kept as", "has no meaning here because", "changes behaviour:" or "refused because". Never a secret. */
  readonly text: string;
}
