/** The request of a host for a login at the central host. It travels in the address of the browser, sealed. */

import { isMapping } from '../../config/values/mapping.ts';
import type { Seal } from '../../session/seal.ts';
import { isOrigin, isText, isTexts, isTime } from '../../session/sealed-members.ts';
import type { StepUp } from '../login-client.ts';

/** A request for a login. */
export interface HandOverRequest {
  readonly kind: typeof kind;
  /** The origin where the person began. The session goes there and nowhere else. */
  readonly origin: string;
  /** The name of the policy there, or empty. */
  readonly policy: string;
  /** Names of the issuers whose sessions count there. */
  readonly issuers: readonly string[];
  /** The SHA-256 of the secret in the login cookie of that origin, base64url. */
  readonly hash: string;
  /** The validated return address. */
  readonly returnTo: string;
  /** Whether a login of this browser was lost before. The next one that is lost ends with a page. */
  readonly isAgain: boolean;
  readonly stepUp?: StepUp;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** The result of opening a request. `keyId`: the key that sealed it, if this process does not have it. */
export type OpenedRequest =
  | { readonly request: HandOverRequest; readonly isExpired: boolean }
  | { readonly request: undefined; readonly keyId: string | undefined };

/** Seals and opens requests. */
export interface HandOverRequests {
  readonly seal: (request: Omit<HandOverRequest, 'kind'>) => Promise<string>;
  readonly open: (text: string) => Promise<OpenedRequest>;
}

/** Requests of another kind are not for a login. */
const kind = 'login';

/** A longer return address stays in the login cookie only, in characters: the request must fit into an address and a cookie. */
const maxReturnTo = 1_024;

/**
 * Creates them.
 *
 * @param parts.timeout `login.timeout`, in milliseconds
 * @param parts.now milliseconds since the epoch
 */
export function createHandOverRequests(parts: {
  readonly seal: Pick<Seal, 'seal' | 'open' | 'otherKeyOf'>;
  readonly timeout: number;
  readonly now: () => number;
}): HandOverRequests {
  const { seal, timeout, now } = parts;
  return {
    seal: (request) => {
      const returnTo = request.returnTo.length > maxReturnTo ? '/' : request.returnTo;
      return seal.seal('oidc-authz-request', { ...request, kind, returnTo });
    },
    open: async (text) => {
      const request = (await seal.open('oidc-authz-request', text))?.value;
      if (!isHandOverRequest(request))
        return { request: undefined, keyId: seal.otherKeyOf('oidc-authz-request', text) };
      const age = now() - request.startedAt;
      return { request, isExpired: age > timeout || age < -timeout };
    },
  };
}

/** Whether an opened value is a request for a login. Another version of this service may have sealed it in another form. */
export function isHandOverRequest(value: unknown): value is HandOverRequest {
  if (!isMapping(value)) return false;
  const { origin, policy, issuers, hash, returnTo, isAgain, startedAt, stepUp } = value;
  return (
    value.kind === kind &&
    isOrigin(origin) &&
    typeof policy === 'string' &&
    isTexts(issuers) &&
    isText(hash) &&
    isText(returnTo) &&
    typeof isAgain === 'boolean' &&
    isTime(startedAt) &&
    (stepUp === undefined || isMapping(stepUp))
  );
}
