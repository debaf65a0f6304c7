/** The pages of the login for people, as the answers use them. `pages/` makes them. */
import type { BrowserPage } from '../model/browser-answer.ts';

/** A page, and the headers that it needs: its language, and its content security policy. */
export interface ShownPage {
  readonly page: BrowserPage;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Why a login ended with a page.
 *
 * - `failed`: the issuer or its answer was rejected.
 * - `cancelled`: the person or a rule of the issuer ended it.
 * - `unavailable`: the issuer does not answer; the person can try again later.
 * - `unfinished`: the answer belongs to no login of this browser, for the second time. Cookies are blocked, or the page was old.
 * - `unreadable`: the browser sends cookies, but they cannot be read, or do not count here.
 * - `too_large`: the session does not fit into cookies.
 */
export type FailedLogin = 'failed' | 'cancelled' | 'unavailable' | 'unfinished' | 'unreadable' | 'too_large';

/**
 * The pages. Each takes plain values, which it escapes, and the value of `accept-language`, which may be empty. Addresses are absolute
 * paths of this host.
 */
export interface LoginPages {
  /** Asks at which issuer to sign in. */
  readonly choice: (
    of: { readonly issuers: readonly { readonly label: string; readonly href: string }[] },
    languages: string,
  ) => ShownPage;
  /**
   * Says that a login failed, with the ID of the decision.
   *
   * @param of.signIn where to sign in again
   * @param of.part the largest part of a session that is too large, such as `groups`
   */
  readonly failed: (
    of: { readonly cause: FailedLogin; readonly signIn: string; readonly part?: string },
    languages: string,
  ) => ShownPage;
  /**
   * Says that the person has signed out.
   *
   * @param of.signIn where to sign in again
   * @param of.isOnlyHere whether the session at the issuer continues, because the issuer has no sign-out
   */
  readonly signedOut: (
    of: { readonly signIn: string; readonly isOnlyHere: boolean },
    languages: string,
  ) => ShownPage;
  /** Says that the person has signed in, if no page of an application is known. */
  readonly signedIn: (of: { readonly signOut: string }, languages: string) => ShownPage;
  /**
   * Asks whether to sign out, because another site may have sent the browser here. A form posts to `action`.
   *
   * The browser must send `Origin`, so the referrer policy of the page cannot be `no-referrer`. The answer to the form redirects to the
   * issuer, so `form-action` of its content security policy must allow `https:` and `http:`.
   */
  readonly confirmSignOut: (
    of: { readonly action: string; readonly stay: string },
    languages: string,
  ) => ShownPage;
  /** Says that the signed-in person has no access. @param of.user a name or an address of the person, if one is known */
  readonly noAccess: (
    of: { readonly signOut: string; readonly user: string | undefined },
    languages: string,
  ) => ShownPage;
  /**
   * Says that this needs a sign-in, without a redirect: the content of a form would be lost, and a frame cannot show most issuers.
   *
   * @param of.signIn the link opens in the whole window if `of.place` is `frame`
   */
  readonly needsSignIn: (
    of: { readonly place: 'form' | 'frame'; readonly signIn: string },
    languages: string,
  ) => ShownPage;
}
