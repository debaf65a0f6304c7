/** Deletes the cookies that oauth2-proxy left in a browser before a migration: each request would still have them. */
import type { RequestCookies } from '../session/session-store.ts';
import { deleteCookie } from '../session/set-cookie.ts';
import type { LoginHost } from './login-hosts.ts';

/** The default name of the session cookie of oauth2-proxy; its parts and its cookies of logins begin with it. */
const oldCookie = /^(?:__Host-|__Secure-)?_oauth2_proxy(?:_[A-Za-z0-9_-]{1,64})?$/;

/** The most cookies that are deleted. */
const most = 10;

/** The values of `set-cookie` that delete the cookies of oauth2-proxy in a request. */
export function deleteOldCookies(cookies: RequestCookies, { isHttp }: LoginHost): readonly string[] {
  return cookies
    .names()
    .filter((name) => oldCookie.test(name))
    .slice(0, most)
    .map((name) => deleteCookie(name, { isHttp, sameSite: 'lax' }));
}
