/** Keeps the cookies of this service from the workload, and gives the browser new ones with an allow. */
import type { CookieNames } from '../session/cookie-names.ts';
import { withoutCookies } from '../session/without-cookies.ts';
import type { Logins } from './logins.ts';

/**
 * The longest `cookie` header that is written back, in characters. Envoy cannot read a response whose headers exceed 60 KiB, and a check
 * without a readable response is an allow where Envoy fails open. No browser sends that much.
 */
const maxForwarded = 48 * 1024;

/** Creates the changes of an allow. */
export function createCookieChanges(names: Pick<CookieNames, 'stem' | 'isOwn'>): Logins['cookieChanges'] {
  return (request, set) => {
    const lines = request.header('cookie');
    const others = lines.length === 0 ? undefined : withoutCookies(lines, names);
    const forwarded = others !== undefined && others.length > maxForwarded ? '' : others;
    return set.length === 0 && forwarded === undefined ? undefined : { set, forwarded };
  };
}
