/** The way of a sign-out over the central host: its session ends too, and only it sends the browser to the issuer. */
import type { Seal } from '../../session/seal.ts';
import type { Session } from '../../session/session.ts';
import type { LoginPaths } from '../login-paths.ts';
import type { LoginRequest } from '../login-request.ts';
import { queryOf } from '../request-headers.ts';
import type { CentralHost } from './central-host.ts';
import { createSignOutRequests, type SignOutRequest } from './sign-out-requests.ts';

/** The way of a sign-out. */
export interface CentralSignOut {
  readonly isHere: CentralHost['isHere'];
  /** The address where a sign-out of another host continues. @param session the session there */
  readonly addressFor: (asked: LoginRequest, session: Session | undefined) => Promise<string>;
  /** At the central host: the sign-out that another host has accepted; undefined if there is none that can be believed. */
  readonly requestOf: (asked: LoginRequest) => Promise<SignOutRequest | undefined>;
  /** The `state` with which the issuer sends the browser back (RP-Initiated Logout 1.0 section 3). */
  readonly stateFor: (request: SignOutRequest) => Promise<string>;
  /** At the central host: where the browser goes after the issuer; undefined if the sign-out began here. */
  readonly returnOf: (asked: LoginRequest) => Promise<string | undefined>;
}

/** Creates it. @param parts.now milliseconds since the epoch */
export function createCentralSignOut(parts: {
  readonly central: CentralHost;
  readonly seal: Seal;
  readonly paths: LoginPaths;
  readonly now: () => number;
}): CentralSignOut {
  const { central, paths } = parts;
  const { isHere, isListed } = central;
  const requests = createSignOutRequests(parts);
  /** The only value of a parameter, at the central host. */
  const parameter = ({ request, host }: LoginRequest, name: string): string | undefined => {
    const values = isHere(host) ? queryOf(request.path)?.getAll(name) : undefined;
    return values?.length === 1 ? values[0] : undefined;
  };
  return {
    isHere,
    addressFor: async ({ host: { origin } }, session) => {
      const { id = '', issuer = '', idToken } = session ?? {};
      const sealed = await requests.seal({ origin, id, issuer, ...(idToken !== undefined && { idToken }) });
      return `${central.origin}${paths.signOut}?request=${sealed}`;
    },
    requestOf: async (asked) => {
      const sealed = parameter(asked, 'request');
      const request = sealed === undefined ? undefined : await requests.open(sealed);
      return request !== undefined && isListed(request.origin) ? request : undefined;
    },
    stateFor: ({ origin }) => requests.sealReturn(origin),
    returnOf: async (asked) => {
      const state = parameter(asked, 'state');
      const origin = state === undefined ? undefined : await requests.openReturn(state);
      return origin !== undefined && isListed(origin) ? origin + paths.signedOut : undefined;
    },
  };
}
