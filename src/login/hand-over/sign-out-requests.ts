/** The requests of a sign-out that goes over the central host. Each travels in the address of the browser, sealed. */

import { isMapping } from '../../config/values/mapping.ts';
import type { Seal } from '../../session/seal.ts';
import { isOrigin, isText, isTime } from '../../session/sealed-members.ts';

/** A sign-out that another host has accepted. */
export interface SignOutRequest {
  readonly kind: 'sign-out';
  readonly origin: string;
  /** The ID of the session there, or empty. Only the same session ends at the central host without a question. */
  readonly id: string;
  /** The exact `iss` of the session, or empty. */
  readonly issuer: string;
  /** For the hint to the issuer. */
  readonly idToken?: string;
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
}

/** Seals and opens the requests. A text that is none opens as undefined. */
export interface SignOutRequests {
  readonly seal: (request: Omit<SignOutRequest, 'kind' | 'askedAt'>) => Promise<string>;
  readonly open: (text: string) => Promise<SignOutRequest | undefined>;
  /** Seals where the browser goes after the sign-out at the issuer. */
  readonly sealReturn: (origin: string) => Promise<string>;
  /** The origin where the browser goes. */
  readonly openReturn: (text: string) => Promise<string | undefined>;
}

/** How long a request counts, in milliseconds, and how far the clock of another replica can be ahead. */
const longest = 60_000;

/** A longer ID token is left out, in characters: the request is a part of an address. */
const maxIdToken = 3_000;

/** Creates them. @param parts.now milliseconds since the epoch */
export function createSignOutRequests(parts: {
  readonly seal: Pick<Seal, 'seal' | 'open'>;
  readonly now: () => number;
}): SignOutRequests {
  const { seal, now } = parts;
  const open = async (text: string) => (await seal.open('oidc-authz-request', text))?.value;
  return {
    seal: ({ idToken, ...request }) => {
      const hint = idToken === undefined || idToken.length > maxIdToken ? undefined : idToken;
      return seal.seal('oidc-authz-request', { ...request, kind: 'sign-out', idToken: hint, askedAt: now() });
    },
    open: async (text) => {
      const request = await open(text);
      if (!isSignOutRequest(request)) return undefined;
      return Math.abs(now() - request.askedAt) > longest ? undefined : request;
    },
    sealReturn: (origin) => seal.seal('oidc-authz-request', { kind: 'signed-out', origin }),
    openReturn: async (text) => {
      const value = await open(text);
      return isMapping(value) && value.kind === 'signed-out' && isOrigin(value.origin)
        ? value.origin
        : undefined;
    },
  };
}

function isSignOutRequest(value: unknown): value is SignOutRequest {
  if (!isMapping(value)) return false;
  const { kind, origin, id, issuer, idToken, askedAt } = value;
  return (
    kind === 'sign-out' &&
    isOrigin(origin) &&
    typeof id === 'string' &&
    typeof issuer === 'string' &&
    (idToken === undefined || isText(idToken)) &&
    isTime(askedAt)
  );
}
