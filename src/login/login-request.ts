/** A request that the login answers, with what every step reads from it. */
import type { CheckRequest } from '../model/check-request.ts';
import { readCookies } from '../session/read-cookies.ts';
import type { CookiePlace, RequestCookies } from '../session/session-store.ts';
import type { LoginHost } from './login-hosts.ts';
import type { LoginPlace } from './logins.ts';
import { languagesOf } from './request-headers.ts';

/** The request, read. */
export interface LoginRequest {
  readonly request: CheckRequest;
  readonly host: LoginHost;
  readonly place: LoginPlace;
  readonly cookies: RequestCookies;
  readonly cookiePlace: CookiePlace;
  /** The value of `accept-language`, for pages. */
  readonly languages: string;
}

/** Reads a request at a place with a login. */
export function readLoginRequest(request: CheckRequest, host: LoginHost, place: LoginPlace): LoginRequest {
  return {
    request,
    host,
    place,
    cookies: readCookies(request.header('cookie')),
    cookiePlace: { policy: place.policy, isHttp: host.isHttp, host: host.name },
    languages: languagesOf(request),
  };
}
