/** The events of logins and sessions, for metrics and logs. Never a code, a state, a cookie or a token. */

/** How a login ended. */
export type LoginResult = 'success' | 'failed' | 'cancelled' | 'unavailable' | 'too_large';

/** Why a session ended. */
export type SessionEnd =
  | 'sign_out'
  | 'max_age'
  | 'idle'
  | 'tokens_ended'
  | 'refresh_rejected'
  | 'replaced'
  /** The issuer ended it (OpenID Connect Back-Channel Logout 1.0, Front-Channel Logout 1.0). Counted when a request shows it. */
  | 'back_channel'
  | 'front_channel'
  /** Another process of this service ended it. Counted when a request shows it. */
  | 'elsewhere';

/**
 * How a refresh ended. `elsewhere`: another process had done it. `store_unavailable`: the store did not answer, or did not take the new tokens
 * yet.
 */
export type RefreshResult = 'success' | 'rejected' | 'unavailable' | 'elsewhere' | 'store_unavailable';

/**
 * The steps of a hand-over of a session from the central host to another one. `requested`, `completed`: at the other host. `granted`: at
 * the central host. `lost`: the browser has no login that belongs to the grant. `refused`: it is unreadable, or for another place.
 */
export type HandOverResult =
  | 'requested'
  | 'granted'
  | 'completed'
  | 'expired'
  | 'lost'
  | 'replayed'
  | 'refused'
  | 'unavailable';

/**
 * The result of a request that looked for a session. `cached`: this process has opened the cookie before. `store`: the store had it.
 * `unavailable`: the store is away.
 */
export type SessionLookup = 'cached' | 'opened' | 'store' | 'absent' | 'invalid' | 'expired' | 'unavailable';

/**
 * The result of a logout token (OpenID Connect Back-Channel Logout 1.0). `unconfirmed`: the sessions have ended in this process, but the
 * store did not answer in time.
 */
export type LogoutTokenResult = 'success' | 'rejected' | 'replayed' | 'unconfirmed' | 'too_many';

/** The result of a request of a frame (OpenID Connect Front-Channel Logout 1.0). */
export type FrontChannelResult = 'success' | 'rejected' | 'unconfirmed' | 'too_many';

/** Why a session that ended may be accepted again: the list is full, or the store does not take the end. */
export type LostEnd = 'list_full' | 'not_sent';

/** Receives the events. */
export interface LoginEvents {
  readonly loginStarted: (issuer: string) => void;
  /** @param seconds since the start of the login; undefined if it is not known */
  readonly loginFinished: (
    issuer: string,
    result: LoginResult,
    more: {
      readonly seconds?: number;
      readonly detail?: string;
      /** The issuer is `unavailable` because it rejects this service as a client. */
      readonly isClientRejected?: boolean;
    },
  ) => void;
  readonly handedOver: (result: HandOverResult) => void;
  readonly sessionLookup: (result: SessionLookup) => void;
  readonly sessionEnded: (issuer: string, cause: SessionEnd) => void;
  readonly sessionTooLarge: (issuer: string, part: string, bytes: number) => void;
  readonly refreshed: (issuer: string, result: RefreshResult, detail: string | undefined) => void;
  /** A refresh token could not be revoked at the issuer when its owner signed out. */
  readonly revocationFailed: (issuer: string, detail: string) => void;
  /** A browser still sends an old cookie after it was replaced: the mesh does not forward `set-cookie`. */
  readonly cookieNotDelivered: (host: string) => void;
  readonly logoutToken: (issuer: string, result: LogoutTokenResult, problem?: string) => void;
  readonly frontChannelLogout: (issuer: string, result: FrontChannelResult) => void;
  readonly endLost: (cause: LostEnd) => void;
  /** A return address was refused, and the login returns to `/`. */
  readonly returnAddressRefused: (host: string) => void;
}
