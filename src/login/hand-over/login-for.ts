/** A login at the central host for another host. */
import type { LoginPaths } from '../login-paths.ts';
import type { HandOverRequest, HandOverRequests } from './hand-over-request.ts';

/** The request, and where it can start again. */
export interface LoginFor {
  readonly request: HandOverRequest;
  /** The address that starts this login again. @param issuer the name of an issuer; absent: that of the session, or a choice */
  readonly address: (issuer?: string) => string;
}

/** Makes a login of the request that a login cookie has. */
export type LoginForRequest = (request: HandOverRequest) => Promise<LoginFor>;

/** Creates the function. It seals the request again; its age stays. */
export function createLoginForRequest(
  { seal }: Pick<HandOverRequests, 'seal'>,
  paths: Pick<LoginPaths, 'startFor'>,
): LoginForRequest {
  return async (request) => {
    const sealed = await seal(request);
    return { request, address: (issuer) => paths.startFor(sealed, issuer) };
  };
}
