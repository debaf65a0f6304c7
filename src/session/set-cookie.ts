/** Writes values of `set-cookie` (RFC 6265 section 4.1). */

/** The attributes of a cookie. Every cookie has `HttpOnly`. */
export interface CookieAttributes {
  /** Absent: only the host that sets the cookie receives it. */
  readonly domain?: string | undefined;
  /** Whether browsers reach the host over plain HTTP. The cookie then has no `Secure`, and `none` becomes `lax`. */
  readonly isHttp: boolean;
  /** `none` also makes the cookie partitioned: each site that frames the page has its own. */
  readonly sameSite: 'lax' | 'none';
  /** Absent: `/`. */
  readonly path?: string;
}

/**
 * Sets a cookie.
 *
 * @param value characters of base64url and dots
 * @param maxAge seconds
 */
export function setCookie(name: string, value: string, maxAge: number, attributes: CookieAttributes): string {
  return `${name}=${value}; Path=${attributes.path ?? '/'}; Max-Age=${Math.max(0, Math.floor(maxAge))}${textOf(attributes)}`;
}

/** Deletes a cookie. Browsers compare its attributes: without `Secure`, they keep one whose name has a prefix. */
export function deleteCookie(name: string, attributes: CookieAttributes): string {
  return setCookie(name, '', 0, attributes);
}

function textOf({ domain, isHttp, sameSite }: CookieAttributes): string {
  const scope = domain === undefined ? '' : `; Domain=${domain}`;
  if (isHttp) return `${scope}; HttpOnly; SameSite=Lax`;
  const site = sameSite === 'none' ? 'SameSite=None; Partitioned' : 'SameSite=Lax';
  return `${scope}; Secure; HttpOnly; ${site}`;
}
