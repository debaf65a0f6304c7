/**
 * Finds browsers whose logins succeed but bring no session that counts: another replica has other keys, the browser drops the cookie, or
 * another host of the domain has planted one. They would be sent back and forth without an end.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../runtime/time/clock.ts';
import { presentNames } from '../session/chunks.ts';
import type { CookieNames } from '../session/cookie-names.ts';
import type { CookiePlace, RequestCookies } from '../session/session-store.ts';
import { deleteCookie, setCookie } from '../session/set-cookie.ts';

/** A login that succeeded. */
export interface SucceededLogin {
  /** The exact `iss`. */
  readonly issuer: string;
  readonly subject: string;
  readonly returnTo: string;
}

/** The search for loops. */
export interface LoginLoops {
  /** Whether a browser without a session that counts has just logged in several times. */
  readonly isLoop: (cookies: RequestCookies, place: CookiePlace) => boolean;
  /** Whether the browser sends a session cookie, such as one that does not count. */
  readonly keepsSession: (cookies: RequestCookies, place: CookiePlace) => boolean;
  /** Values of `set-cookie` after a login. Empty after an ordinary one. Several logins matter only if no session follows. */
  readonly succeeded: (
    login: SucceededLogin,
    cookies: RequestCookies,
    place: CookiePlace,
  ) => readonly string[];
}

/** The 8 characters that the name of the cookie has instead of a part of a `state`. */
export const loopMark = 'finished';

/** The logins after which a person must decide to try again, and the time in which they count, in seconds. */
const mostLogins = 3;
const period = 60;

/** The most people and pages in memory; the oldest are dropped first. */
const mostRecent = 10_000;

/** The logins of a person for a page. */
interface Recent {
  readonly until: number;
  count: number;
}

/** Creates the search. */
export function createLoginLoops(
  names: CookieNames,
  sameSite: 'lax' | 'none',
  clock: Pick<Clock, 'monotonic'>,
): LoginLoops {
  const recent = new Map<string, Recent>();
  const nameAt = (place: CookiePlace) => names.login(place, loopMark);
  const isMarked = (cookies: RequestCookies, place: CookiePlace) =>
    cookies.values(nameAt(place)).includes('1');
  const dropOld = (now: number) => {
    for (const [key, { until }] of recent) {
      if (until > now && recent.size < mostRecent) return;
      recent.delete(key);
    }
  };
  const countLogin = ({ issuer, subject, returnTo }: SucceededLogin, { host }: CookiePlace): number => {
    const now = clock.monotonic();
    dropOld(now);
    const [path] = returnTo.split('?', 1);
    const key = hash('sha256', JSON.stringify([host, issuer, subject, path]), 'base64');
    const logins = recent.getOrInsertComputed(key, () => ({ until: now + period * 1_000, count: 0 }));
    logins.count++;
    return logins.count;
  };
  return {
    isLoop: isMarked,
    keepsSession: (cookies, place) => presentNames(names.session(place), cookies).length > 0,
    succeeded: (login, cookies, place) => {
      const isRepeated = countLogin(login, place) >= mostLogins;
      const attributes = { isHttp: place.isHttp, sameSite };
      if (isRepeated) return [setCookie(nameAt(place), '1', period, attributes)];
      return isMarked(cookies, place) ? [deleteCookie(nameAt(place), attributes)] : [];
    },
  };
}
