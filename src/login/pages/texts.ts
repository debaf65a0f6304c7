/** The texts of the pages. Each language has all of them. */
import type { FailedLogin } from '../login-pages.ts';

/** The texts of a page with one action. */
export interface ActionTexts {
  /** Says what happened; also the title of the document. */
  readonly title: string;
  readonly text: string;
  readonly action: string;
}

/** The texts of one language. */
export interface Texts {
  readonly choice: { readonly title: string; readonly text: string };
  readonly failed: Readonly<Record<FailedLogin, ActionTexts>>;
  readonly signedIn: ActionTexts;
  readonly signedOut: ActionTexts & { readonly onlyHere: string };
  readonly confirmSignOut: ActionTexts & { readonly stay: string };
  /** `user` stands before the name of the person. */
  readonly noAccess: ActionTexts & { readonly user: string };
  readonly needsSignIn: {
    readonly form: ActionTexts & { readonly steps: readonly string[] };
    readonly frame: ActionTexts;
  };
  /** Stands before the largest part of a session that is too large. */
  readonly part: string;
  /** Stands before the ID of a decision. */
  readonly decision: string;
}
