/** Settings of oauth2-proxy, whatever file, variable or flag sets them. */

/** One setting. */
export interface Setting {
  /** The name of the flag without its hyphens, e.g. `oidc-issuer-url`. */
  readonly flag: string;
  /** As the kind of the flag says: text (durations and numbers too), true or false, or a list of texts. */
  readonly value: string | boolean | readonly string[];
  /** Where it was given, e.g. `values.yaml:9:3 extraArgs`. */
  readonly source: string;
}

/** A header that the alpha configuration adds to the answer (`injectResponseHeaders`). */
export interface InjectedHeader {
  readonly header: string;
  readonly values: readonly InjectedValue[];
  readonly source: string;
}

/** What such a header carries: a claim of the session, or something fixed, which may be a secret and is not kept. */
export type InjectedValue =
  | { readonly claim: string; readonly prefix: string; readonly hasBasicAuthPassword: boolean }
  | { readonly fixed: true };
