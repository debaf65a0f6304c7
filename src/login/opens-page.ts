/** Says whether a request to a path of the login opens a page, where a person can be sent to log in. */
import type { LoginRequest } from './login-request.ts';
import { readOpening } from './navigation.ts';
import { hasHeader } from './request-headers.ts';

/**
 * Whether a request opens a page. A client without fetch metadata always does: it has asked for the login itself.
 *
 * @param frames `login.frames`
 */
export function opensPage({ request }: LoginRequest, frames: boolean): boolean {
  const when = hasHeader(request, 'sec-fetch-mode') ? 'navigation' : 'always';
  return readOpening(request, { when, frames }).opens === 'page';
}
