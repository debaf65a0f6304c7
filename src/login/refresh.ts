/** The renewal of the tokens of sessions with their refresh tokens (RFC 6749 section 6), as the other steps of a login see it. */
import type { Config } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { Session } from '../session/session.ts';
import type { SharedSessions } from '../session/session-store.ts';
import type { Tokens } from './login-client.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { Revoke } from './revocations.ts';

/** The result of looking after a session. */
export type Renewal =
  /** The session does not change. */
  | { readonly kind: 'current' }
  /** This session replaces it. With sessions in cookies, its cookie goes out with the next answer that can carry one. */
  | { readonly kind: 'renewed'; readonly session: Session }
  /** The issuer no longer accepts the refresh token, or the session was ended elsewhere. A shared session is no longer in the store. */
  | { readonly kind: 'ended'; readonly detail: string; readonly isElsewhere?: true }
  /** The tokens have ended, and the issuer or the store does not answer. The session stays. */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly isStore?: true };

/** Renews a session if that is due. Synchronous if it is not. Never rejects. */
export type Renew = (session: Session, issuer: LoginIssuer) => Renewal | Promise<Renewal>;

/** The renewals of a process. */
export interface Renewals {
  readonly renew: Renew;
  /** The session with the newest tokens that are known for it, for a sign-out. Never rejects. */
  readonly newestOf: (session: Session) => Session | Promise<Session>;
  /** The number of sessions whose new tokens wait for the store. */
  readonly waiting: () => number;
  /** Starts no early renewal any more. Resolves when those under way have ended, and their tokens are saved where they can be. */
  readonly drain: () => Promise<void>;
}

/** The dependencies of every kind of renewal. */
export interface RenewalDependencies {
  readonly sessions: Pick<NonNullable<Config['sessions']>, 'refresh' | 'recheck' | 'idleTimeout'>;
  /** The longest wait of a request for a renewal, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
  readonly events: Pick<LoginEvents, 'refreshed' | 'sessionEnded'>;
  /** Makes the new session of the old one and its new tokens. */
  readonly renewed: (session: Session, tokens: Tokens) => Session;
}

/** The dependencies of the renewal of shared sessions. */
export interface FleetRenewalDependencies extends RenewalDependencies {
  /** The sessions of the current configuration. */
  readonly shared: () => SharedSessions;
  /** Ends a session everywhere. Never rejects. */
  readonly end: (session: Session) => Promise<void>;
  /** Revokes a refresh token that nothing uses any more. */
  readonly revoke: Revoke;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
}

/** Late requests get the result of a renewal for at least this time, in milliseconds. */
export const shortestMemory = 60_000;
