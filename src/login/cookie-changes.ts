/** Keeps the cookies of this service from the workload, and gives the browser new ones with an allow. */
import { withoutCookies } from '../session/without-cookies.ts';
import type { Logins } from './logins.ts';

/** Creates the changes of an allow. @param isOwn whether a cookie belongs to this service */
export function createCookieChanges(isOwn: (name: string) => boolean): Logins['cookieChanges'] {
  return (request, set) => {
    const lines = request.header('cookie');
    const forwarded = lines.length === 0 ? undefined : withoutCookies(lines, isOwn);
    return set.length === 0 && forwarded === undefined ? undefined : { set, forwarded };
  };
}
