/** The answers for browsers: redirects, pages and cookies. Only the login makes them. */

/** A redirect or a page for a browser. */
export interface BrowserAnswer {
  /**
   * The status as a web server sends it. Over HTTP ext_authz, 200 means allow, so that transport sends 401 instead of 200.
   * Never 5xx: Envoy replaces such an answer.
   */
  readonly status: 200 | 302 | 303 | 400 | 401 | 403 | 404;
  /** Printable ASCII, at most 8 KiB. */
  readonly location?: string;
  /** Values of `set-cookie`, one for each line. */
  readonly cookies: readonly string[];
  /** More headers. `cache-control: no-store` is always sent. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly page?: BrowserPage;
}

/** The body of an answer. */
export interface BrowserPage {
  /** The value of `content-type`. */
  readonly type: string;
  /** @param decision the ID of the decision; undefined if it has none */
  readonly body: (decision: string | undefined) => string;
}

/** The changes of an allow to cookies. */
export interface CookieChanges {
  /** Values of `set-cookie` for the browser. The cookies of the workload stay. */
  readonly set: readonly string[];
  /**
   * The `cookie` header for the workload, without the cookies of this service; empty if nothing remains. Undefined if the request has
   * no cookie of this service, and the header stays.
   */
  readonly forwarded: string | undefined;
}

/** The header of a 401 for a page that can sign in: the address that starts a login. */
export const loginHeader = 'x-oidc-authz-login';
