/** A session: what this service knows about a signed-in person. It is the content of the sealed cookie, or of the record in the store. */
import type { Claims } from '../model/identity.ts';

/** A session. Times are in seconds since the epoch. */
export interface Session {
  /** 16 random bytes, base64url. New at each login. */
  readonly id: string;
  /** The name of the policy, or empty. A session counts only for its policy. */
  readonly policy: string;
  /** The exact `iss`. */
  readonly issuer: string;
  readonly subject: string;
  /** `sid` of the ID token. */
  readonly sid?: string;
  /** The claims of the ID token that the configuration uses. */
  readonly claims: Claims;
  /** The names of the claims for which {@link claims} was made; undefined if it has every claim. */
  readonly claimNames?: readonly string[];
  /** `aud` of the ID token. */
  readonly audiences: readonly string[];
  /** `scope` of the token response, or the requested scopes. */
  readonly scopes: readonly string[];
  readonly startedAt: number;
  /** The time of the last request, rounded down to a minute. */
  readonly seenAt: number;
  /** When the tokens were last issued. */
  readonly renewedAt: number;
  /** When the access token ends, or the ID token if there is none; undefined if the issuer does not say. */
  readonly tokensEndAt?: number;
  readonly refreshToken?: string;
  /** Kept only if it is forwarded. */
  readonly accessToken?: string;
  /** Kept only if it is forwarded, or as the hint of the sign-out. */
  readonly idToken?: string;
  /** The key of its record in the store, base64url; only there with sessions in the store. It is never written into the record. */
  readonly recordKey?: string;
}

/** Why a request has no session. */
export type NoSession =
  /** No cookie of this name. */
  | 'absent'
  /** The cookie cannot be opened, is there twice, or is for another policy or host. */
  | 'invalid'
  /** The session is too old, idle, or was ended. */
  | 'expired';

/** Why a cookie is not a session, for the operator. Browsers get the same answer for all of them. */
export type InvalidCookie =
  /** Two values of one name, or a part too many or too few. */
  | { readonly is: 'mixed' | 'unreadable' | 'of_other_policy' | 'of_other_host' }
  /** The cookie is of the time before `sessions.store` changed, or the store has another record under its name. */
  | { readonly is: 'of_other_place' | 'record_unreadable' }
  | { readonly is: 'of_other_key'; readonly keyId: string };
