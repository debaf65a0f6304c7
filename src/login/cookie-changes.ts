/** Keeps the cookies of this service from the workload, and gives the browser new ones with an allow. */
import type { CookieNames } from '../session/cookie-names.ts';
import { withoutCookies } from '../session/without-cookies.ts';
import type { Logins } from './logins.ts';

/** Creates the changes of an allow. */
export function createCookieChanges(names: Pick<CookieNames, 'stem' | 'isOwn'>): Logins['cookieChanges'] {
  return (request, set) => {
    const lines = request.header('cookie');
    const forwarded = lines.length === 0 ? undefined : withoutCookies(lines, names);
    return set.length === 0 && forwarded === undefined ? undefined : { set, forwarded };
  };
}
