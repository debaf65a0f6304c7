/** Decides what kind of request has no session: a page that a browser opens, or something that cannot show a login. */
import type { CheckRequest } from '../model/check-request.ts';
import type { LoginPlace } from './logins.ts';
import { hasHeader, singleHeader } from './request-headers.ts';

/**
 * The result of a request, for a person.
 *
 * - `page`: a page in a window; it can be sent to log in.
 * - `form`: the answer to a form, which a redirect would lose.
 * - `frame`: a page in a frame, where most issuers refuse to be shown.
 * - `other`: no page, or nothing that a person sees: a script, an image, a prefetch, a WebSocket.
 */
export type Opens = 'page' | 'form' | 'frame' | 'other';

/** The result of a request, and the header that says so, for the operator. */
export interface Opening {
  readonly opens: Opens;
  /** Such as `sec-fetch-mode`. */
  readonly by: string;
  readonly found: string;
}

/** The options of the decision. */
export interface NavigationOptions {
  readonly when: LoginPlace['when'];
  /** `login.frames`. */
  readonly frames: boolean;
}

/** Destinations whose answer is a part of another page (Fetch standard, destinations of navigation requests). */
const framed: ReadonlySet<string> = new Set(['iframe', 'frame', 'embed', 'object', 'fencedframe']);

/**
 * Reads what a request opens: from the fetch metadata (W3C Fetch Metadata Request Headers), or else from `accept`. With `when: always`,
 * each `GET` and `HEAD` opens a page, unless it is an upgrade.
 */
export function readOpening(request: CheckRequest, { when, frames }: NavigationOptions): Opening {
  const { method } = request;
  if (isUpgrade(request)) return { opens: 'other', by: 'upgrade', found: singleHeader(request, 'upgrade') };
  const isRead = method === 'GET' || method === 'HEAD';
  if (isRead && when === 'always') return { opens: 'page', by: 'the method', found: method };
  const opening = hasHeader(request, 'sec-fetch-mode') ? byFetchMetadata(request, frames) : byAccept(request);
  if (isRead || opening.opens === 'other') return opening;
  return { opens: 'form', by: 'the method', found: method };
}

/** Whether a request leaves HTTP (RFC 9110 section 7.8, RFC 8441). */
export function isUpgrade(request: CheckRequest): boolean {
  return request.method === 'CONNECT' || hasHeader(request, 'upgrade');
}

function byFetchMetadata(request: CheckRequest, frames: boolean): Opening {
  const mode = singleHeader(request, 'sec-fetch-mode');
  if (mode !== 'navigate') return { opens: 'other', by: 'sec-fetch-mode', found: mode };
  const purpose = request.header('sec-purpose').join();
  // No person has opened the page yet.
  if (purpose !== '') return { opens: 'other', by: 'sec-purpose', found: purpose };
  const destination = singleHeader(request, 'sec-fetch-dest');
  const by = { by: 'sec-fetch-dest', found: destination };
  if (destination === 'document') return { opens: 'page', ...by };
  if (framed.has(destination)) return { opens: frames ? 'page' : 'frame', ...by };
  return { opens: 'other', ...by };
}

function byAccept(request: CheckRequest): Opening {
  if (hasHeader(request, 'x-requested-with'))
    return {
      opens: 'other',
      by: 'x-requested-with',
      found: request.header('x-requested-with').join(),
    };
  const accept = request.header('accept').join();
  return { opens: acceptsHtml(accept) ? 'page' : 'other', by: 'accept', found: accept };
}

/** Whether a list of media ranges names HTML itself (RFC 9110 section 12.5.1). `*` stands for anything, so it says nothing. */
function acceptsHtml(accept: string): boolean {
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'text/html' && !parameters.some((one) => /^q=0(?:\.0{0,3})?$/.test(one));
  });
}
