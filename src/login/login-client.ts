/** The client of an issuer, for logins (OpenID Connect Core 1.0 section 3.1). Made with openid-client in `client/`. */
import type { Claims } from '../model/identity.ts';

/** The start of a login. */
export interface AuthorizationStart {
  readonly redirectUri: string;
  /** 32 random bytes each, base64url. */
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** For step-up: `acr_values`, `max_age` and `prompt` (OpenID Connect Core 1.0 section 3.1.2.1). */
  readonly stepUp?: StepUp;
  /** Languages of the person, for `ui_locales`. */
  readonly uiLocales?: string;
}

/** The requests of a step-up. */
export interface StepUp {
  readonly acrValues?: readonly string[];
  /** Seconds. */
  readonly maxAge?: number;
  readonly prompt?: string;
}

/** The tokens of a login or a refresh, verified. Times are in seconds since the epoch. */
export interface Tokens {
  /** The claims of the ID token; undefined if a refresh returned none. */
  readonly claims: Claims | undefined;
  readonly idToken: string | undefined;
  readonly accessToken: string | undefined;
  /** Whether the access token is a JWT of this issuer that its keys verify. Checked only with `login.forward: accessToken`. */
  readonly isAccessTokenVerified: boolean;
  readonly accessTokenEndsAt: number | undefined;
  readonly refreshToken: string | undefined;
  /** As granted; undefined if the response does not say. */
  readonly scopes: readonly string[] | undefined;
}

/** Why a login or a refresh failed. */
export interface LoginProblem {
  /**
   * `rejected`: the issuer or the ID token says no; a new login may help. `cancelled`: the person or a rule of the issuer did.
   * `ended`: the refresh token is no longer accepted. `unavailable`: the issuer did not answer, or its answer is not about this person,
   * such as `invalid_client`.
   */
  readonly kind: 'rejected' | 'cancelled' | 'ended' | 'unavailable';
  /** The failure, for the log and the operator, without secrets: `the token endpoint answered 400 invalid_grant`. */
  readonly detail: string;
  /** The error code of the issuer (RFC 6749 section 5.2), cut and reduced to visible ASCII. */
  readonly code?: string;
  /** Nothing reached the issuer, so that the same code can be redeemed later. */
  readonly isUnsent?: true;
  /** Only if a refresh is `unavailable`: the issuer works, and its answer is about this session. It says nothing about others. */
  readonly isOfSession?: true;
  /**
   * Only if a refresh is `unavailable`: the issuer answered, and this service could not verify the answer. Its clock is wrong, or a key is
   * missing. The old refresh token was used, so the session continues with this one.
   */
  readonly refreshToken?: string;
}

/** The client of one issuer. No function throws; a problem is a value. */
export interface LoginClient {
  /** The address that the browser goes to; it pushes the request first if the issuer needs it. */
  readonly authorizationUrl: (start: AuthorizationStart) => Promise<{ readonly url: string } | LoginProblem>;
  /**
   * Checks the answer of the issuer, redeems its code and verifies the ID token.
   *
   * @param callback the URL of the callback with its query
   * @param start what the login started with
   */
  readonly finish: (callback: URL, start: AuthorizationStart) => Promise<Tokens | LoginProblem>;
  /** @param before the claims of the session: `iss` and `sub` must be the same, and `nonce` if the new token has one */
  readonly refresh: (refreshToken: string, before: Claims) => Promise<Tokens | LoginProblem>;
  /** Revokes a refresh token in the background (RFC 7009). Resolves to a problem, or undefined. */
  readonly revoke: (refreshToken: string) => Promise<LoginProblem | undefined>;
  /** The address that ends the session at the issuer (RP-Initiated Logout 1.0); undefined if it has none. */
  readonly endSessionUrl: (after: {
    readonly idToken: string | undefined;
    readonly returnTo: string;
    readonly state: string;
  }) => Promise<string | undefined>;
  /** Whether the metadata of the issuer is there and usable; the problem if not. */
  readonly problem: () => string | undefined;
}

/** Whether a result is a problem. */
export function isLoginProblem(result: object): result is LoginProblem {
  return 'kind' in result && 'detail' in result;
}

/** Whether a problem is that the issuer rejects this service as a client (RFC 6749 section 5.2). */
export function isRejectedClient({ code }: { readonly code?: string | undefined }): boolean {
  return code === 'invalid_client' || code === 'unauthorized_client';
}
