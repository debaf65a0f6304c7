/** Decides whether a session counts for a request from a page of another origin (W3C Fetch Metadata, RFC 6454, RFC 6455 section 10.2). */
import type { CheckRequest } from '../model/check-request.ts';
import { describeOrigin } from './login-details.ts';
import type { LoginHostOf } from './login-hosts.ts';
import type { Logins } from './logins.ts';
import { isUpgrade } from './navigation.ts';
import { hasHeader, singleHeader } from './request-headers.ts';

/** Methods that only read (RFC 9110 section 9.2.1). Unknown methods change something. */
const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether a page of this origin sends the request. A browser sets both headers itself, and no page can. A request without them is not
 * from this origin.
 */
export function isFromOrigin(request: CheckRequest, origin: string): boolean {
  return singleHeader(request, 'sec-fetch-site') === 'same-origin' || originOf(request) === origin;
}

/**
 * Creates the decision.
 *
 * @param listed `login.cors`: other origins that may open WebSockets
 */
export function createOriginProblem(hostOf: LoginHostOf, listed: readonly string[]): Logins['originProblem'] {
  return (request, { requireSameOrigin, option }) => {
    const isOpening = isUpgrade(request);
    if (!isOpening && (!requireSameOrigin || reading.has(request.method))) return undefined;
    const own = hostOf(request.host)?.origin;
    const origin = originOf(request);
    const allowed = [...(own === undefined ? [] : [own]), ...(isOpening ? listed : [])];
    if (origin !== undefined && allowed.includes(origin)) return undefined;
    // `none`: the person did it, not a page. Browsers send neither with an upgrade.
    const site = singleHeader(request, 'sec-fetch-site');
    if (!isOpening && (site === 'same-origin' || site === 'none')) return undefined;
    return () => describeOrigin(request, origin, allowed, isOpening ? 'login.cors' : option);
  };
}

/** The origin of the page; undefined without one, and for several lines. */
function originOf(request: CheckRequest): string | undefined {
  return hasHeader(request, 'origin') ? singleHeader(request, 'origin') : undefined;
}
