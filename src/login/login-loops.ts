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

/** The logins without a session after which a person must decide to try again, and the time in which they count, in seconds. */
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
    cookies.values(nameAt(place)).join() === '1';
  const dropOld = (now: number) => {
    for (const [key, { until }] of recent) {
      if (until > now && recent.size < mostRecent) return;
      recent.delete(key);
    }
  };
  const countLogin = ({ issuer, subject, returnTo }: SucceededLogin): number => {
    const now = clock.monotonic();
    dropOld(now);
    const key = hash('sha256', JSON.stringify([issuer, subject, returnTo]), 'base64');
    const logins = recent.getOrInsertComputed(key, () => ({ until: now + period * 1_000, count: 0 }));
    logins.count++;
    return logins.count;
  };
  return {
    isLoop: isMarked,
    succeeded: (login, cookies, place) => {
      const isRepeated = countLogin(login) >= mostLogins && !login.hadSession;
      const attributes = { isHttp: place.isHttp, sameSite };
      if (isRepeated) return [setCookie(nameAt(place), '1', period, attributes)];
      return isMarked(cookies, place) ? [deleteCookie(nameAt(place), attributes)] : [];
    },
  };
}
