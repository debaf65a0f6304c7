/** Grants: what the central host hands over to another host. Each is sealed, is for one browser, and counts once, for a short time. */

import { isMapping } from '../../config/values/mapping.ts';
import type { Seal } from '../../session/seal.ts';
import { isOrigin, isText, isTime } from '../../session/sealed-members.ts';
import type { HandOverRequest } from './hand-over-request.ts';

/** A grant. */
export interface Grant extends Pick<HandOverRequest, 'origin' | 'policy' | 'hash' | 'isAgain' | 'returnTo'> {
  /** 16 random bytes, base64url. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
  /** The session in the form of `carried-sessions.ts`. */
  readonly carried: unknown;
}

/** The result of opening a grant. `keyId`: the key that sealed it, if this process does not have it. */
export type OpenedGrant =
  | { readonly grant: Grant; readonly isExpired: boolean }
  | { readonly grant: undefined; readonly keyId: string | undefined };

/** Seals and opens grants. */
export interface Grants {
  readonly seal: (request: HandOverRequest, carried: unknown) => Promise<string>;
  readonly open: (text: string) => Promise<OpenedGrant>;
}

/** How long a grant counts, in milliseconds: the time of one redirect. */
export const grantTime = 30_000;

/** A grant can come from a replica whose clock is ahead by this time, in milliseconds. */
export const maxSkew = 30_000;

/** A longer return address is left out, in characters. It only matters if the login cookie is lost. */
const maxReturnTo = 512;

/** Creates them. @param parts.now milliseconds since the epoch */
export function createGrants(parts: {
  readonly seal: Pick<Seal, 'seal' | 'open' | 'otherKeyOf'>;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly now: () => number;
}): Grants {
  const { seal, randomBytes, now } = parts;
  return {
    seal: ({ origin, policy, hash, isAgain, returnTo }, carried) => {
      const grant: Grant = {
        origin,
        policy,
        hash,
        isAgain,
        returnTo: returnTo.length > maxReturnTo ? '/' : returnTo,
        id: Buffer.from(randomBytes(16)).toString('base64url'),
        grantedAt: now(),
        carried,
      };
      return seal.seal('oidc-authz-grant', grant);
    },
    open: async (text) => {
      const grant = (await seal.open('oidc-authz-grant', text))?.value;
      if (!isGrant(grant)) return { grant: undefined, keyId: seal.otherKeyOf('oidc-authz-grant', text) };
      const age = now() - grant.grantedAt;
      return { grant, isExpired: age > grantTime || age < -maxSkew };
    },
  };
}

/** Whether an opened value is a grant. Another version of this service may have sealed it in another form. */
function isGrant(value: unknown): value is Grant {
  if (!isMapping(value)) return false;
  const { origin, policy, hash, isAgain, returnTo, id, grantedAt } = value;
  return (
    isOrigin(origin) &&
    typeof policy === 'string' &&
    isText(hash) &&
    typeof isAgain === 'boolean' &&
    isText(returnTo) &&
    isText(id) &&
    isTime(grantedAt)
  );
}
