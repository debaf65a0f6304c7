/** What an installation of oauth2-proxy was told: its settings after its own precedence, wherever they were given. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from './cluster/installation-names.ts';

/** One setting. */
export interface GivenSetting {
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

/** Everything that an installation was told. */
export interface Given {
  /** By the name of the flag. Only what was given: no defaults of oauth2-proxy's own, but those that its chart sets. */
  readonly settings: ReadonlyMap<string, GivenSetting>;
  /** The response headers of the alpha configuration, which then rules out the flags for headers; else undefined. */
  readonly injectedHeaders: readonly InjectedHeader[] | undefined;
  /** What is already judged where it is read: values of the chart and alpha fields that are no flags, and settings that a stronger source overrides. */
  readonly findings: readonly Finding[];
  /** The addresses of an authenticated-emails file that the values carry; undefined where there is none. */
  readonly authenticatedEmails: readonly string[] | undefined;
  /** What the installation is called in its cluster, where the files say it. */
  readonly installation?: Installation | undefined;
  /** What cannot be read, so that no configuration can come of it. */
  readonly problems: readonly Problem[];
}
