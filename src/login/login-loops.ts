/**
 * Finds browsers whose logins succeed but whose session never arrives: another replica has other keys, or the browser drops the cookie.
 * They would be sent back and forth without an end.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../runtime/time/clock.ts';
import type { CookieNames } from '../session/cookie-names.ts';
import type { CookiePlace, RequestCookies } from '../session/session-store.ts';
import { deleteCookie, setCookie } from '../session/set-cookie.ts';

/** A login that succeeded. */
export interface SucceededLogin {
  /** The exact `iss`. */
  readonly issuer: string;
  readonly subject: string;
  readonly returnTo: string;
  /** Whether the browser had a session when the login ended. */
  readonly hadSession: boolean;
}

/** The search for loops. */
export interface LoginLoops {
  /** Whether the last logins of a browser have brought no session. */
  readonly isLoop: (cookies: RequestCookies, place: CookiePlace) => boolean;
  /** Values of `set-cookie` after a login. Empty after an ordinary one. */
  readonly succeeded: (
    login: SucceededLogin,
    cookies: RequestCookies,
    place: CookiePlace,
  ) => readonly string[];
}

/** The 8 characters that the name of the cookie has instead of a part of a `state`. */
export const loopMark = 'finished';

/** The time in which logins count as repeated, in seconds. */
const period = 60;

/** The repeated logins after which a person must decide to try again. A lost answer or a rotation of keys can cause one. */
const mostRepeated = 2;

/** The most logins in memory; the oldest are dropped first. */
const mostLogins = 10_000;

/** Creates the search. */
export function createLoginLoops(
  names: CookieNames,
  sameSite: 'lax' | 'none',
  clock: Pick<Clock, 'monotonic'>,
): LoginLoops {
  const recent = new Map<string, number>();
  const nameAt = (place: CookiePlace) => names.login(place, loopMark);
  const countOf = (cookies: RequestCookies, place: CookiePlace) => {
    const [value, ...others] = cookies.values(nameAt(place));
    return value !== undefined && others.length === 0 && /^[1-9]$/.test(value) ? Number(value) : 0;
  };
  const noteLogin = ({ issuer, subject, returnTo }: SucceededLogin): boolean => {
    const now = clock.monotonic();
    const key = hash('sha256', JSON.stringify([issuer, subject, returnTo]), 'base64');
    const isRecent = (recent.get(key) ?? 0) > now;
    recent.delete(key);
    for (const [other, until] of recent) {
      if (until > now && recent.size < mostLogins) break;
      recent.delete(other);
    }
    recent.set(key, now + period * 1_000);
    return isRecent;
  };
  return {
    isLoop: (cookies, place) => countOf(cookies, place) >= mostRepeated,
    succeeded: (login, cookies, place) => {
      const isRepeated = noteLogin(login) && !login.hadSession;
      const before = countOf(cookies, place);
      const attributes = { isHttp: place.isHttp, sameSite };
      if (isRepeated) return [setCookie(nameAt(place), String(Math.min(9, before + 1)), period, attributes)];
      return before === 0 ? [] : [deleteCookie(nameAt(place), attributes)];
    },
  };
}
