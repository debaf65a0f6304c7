/** Reads single headers of a request for the login. */
import type { CheckRequest } from '../model/check-request.ts';

/** The value of a header; empty if it is absent or there is more than one line. */
export function singleHeader(request: CheckRequest, name: string): string {
  const lines = request.header(name);
  return lines.length === 1 ? (lines[0] ?? '') : '';
}

/** Whether a header is there, with any value. */
export function hasHeader(request: CheckRequest, name: string): boolean {
  return request.header(name).length > 0;
}

/** The languages that the browser prefers, as it sends them; cut, because pages need the first ones only. */
export function languagesOf(request: CheckRequest): string {
  return request.header('accept-language').join(',').slice(0, 256);
}

/** The longest query of a login that is read, in characters. */
const maxQuery = 8 * 1024;

/**
 * The query of a request to a path of the login.
 *
 * @returns undefined if it is too long; nothing in it then counts
 */
export function queryOf(target: string): URLSearchParams | undefined {
  const start = target.indexOf('?');
  if (start < 0) return new URLSearchParams();
  return target.length - start > maxQuery ? undefined : new URLSearchParams(target.slice(start + 1));
}
