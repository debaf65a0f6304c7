/** The renewal of the tokens of a session, as a check uses it. `refresh.ts` makes it. */
import type { Session } from '../session/session.ts';
import type { LoginIssuer } from './login-issuer.ts';

/** The result of a renewal. */
export type Renewal =
  /** Nothing is due, or the renewal goes on beside the check. */
  | { readonly kind: 'current' }
  /** The session has new tokens. Its cookie is not saved yet. The same object for each request that still sends the old cookie. */
  | { readonly kind: 'renewed'; readonly session: Session }
  /** The issuer no longer accepts the refresh token. */
  | { readonly kind: 'ended'; readonly detail: string }
  /** The tokens have ended, and the issuer cannot renew them now. */
  | { readonly kind: 'unavailable'; readonly detail: string };

/** Renews the tokens of a session that has a refresh token, if it is time. Synchronous if the check need not wait. Never rejects. */
export type Renew = (session: Session, issuer: LoginIssuer) => Renewal | Promise<Renewal>;
