/**
 * Finds browsers whose logins succeed but bring no session that counts: another replica has other keys, the browser drops the cookie, or
 * another host of the domain has planted one. They would be sent back and forth without an end.
 */

import { hash } from 'node:crypto';
import { forgetOldest } from '../runtime/forget-oldest.ts';
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
  /** Values of `set-cookie` after a login. Empty after an ordinary one. They matter only if no session follows. */
  readonly succeeded: (
    login: SucceededLogin,
    cookies: RequestCookies,
    place: CookiePlace,
  ) => readonly string[];
}

/** The 8 characters that the name of the cookie has instead of a part of a `state`. */
export const loopMark = 'finished';

/** The time in which logins count, in seconds. */
const period = 60;

/** The mark is set from the second login of a person for a page, and counts the logins of the browser from then on. */
const firstMarked = 2;
const loopAt = 2;

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
  const marksOf = (cookies: RequestCookies, place: CookiePlace) =>
    Math.max(
      0,
      ...cookies
        .values(nameAt(place))
        .filter((value) => /^[12]$/.test(value))
        .map(Number),
    );
  const countLogin = ({ issuer, subject, returnTo }: SucceededLogin, { host }: CookiePlace): number => {
    const now = clock.monotonic();
    forgetOldest(recent, mostRecent - 1, ({ until }) => until <= now);
    const [path] = returnTo.split('?', 1);
    const key = hash('sha256', JSON.stringify([host, issuer, subject, path]), 'base64');
    const logins = recent.getOrInsertComputed(key, () => ({ until: now + period * 1_000, count: 0 }));
    logins.count++;
    return logins.count;
  };
  return {
    isLoop: (cookies, place) => marksOf(cookies, place) >= loopAt,
    keepsSession: (cookies, place) => presentNames(names.session(place), cookies).length > 0,
    succeeded: (login, cookies, place) => {
      const isRepeated = countLogin(login, place) >= firstMarked;
      const marks = marksOf(cookies, place);
      const attributes = { isHttp: place.isHttp, sameSite };
      if (isRepeated) return [setCookie(nameAt(place), `${Math.min(marks + 1, loopAt)}`, period, attributes)];
      return marks > 0 ? [deleteCookie(nameAt(place), attributes)] : [];
    },
  };
}
