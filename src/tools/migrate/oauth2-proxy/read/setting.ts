/** Settings of oauth2-proxy from any file, variable or flag. */

/** One setting. */
export interface Setting {
  /** The name of the flag without its hyphens, for example `oidc-issuer-url`. */
  readonly flag: string;
  /** A text (also for durations and numbers), a boolean, or a list of texts, by the kind of the flag. */
  readonly value: string | boolean | readonly string[];
  /** The location, for example `values.yaml:9:3 extraArgs`. */
  readonly source: string;
}

/** A response header that the alpha configuration adds (`injectResponseHeaders`). */
export interface InjectedHeader {
  readonly header: string;
  readonly values: readonly InjectedValue[];
  readonly source: string;
}

/**
 * The value of such a header: a claim of the session, or a fixed value. A fixed value may be a secret and is not
 * stored.
 */
export type InjectedValue =
  | { readonly claim: string; readonly prefix: string; readonly hasBasicAuthPassword: boolean }
  | { readonly fixed: true };
