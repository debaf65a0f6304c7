/** The place of sessions: in their cookies (`in-cookie.ts`), or in a store that replicas share (`in-store.ts`). */
import type { EndedMark, EndedSessions } from './ended-sessions.ts';
import type { InvalidCookie, NoSession, Session } from './session.ts';
import type { HeldLock } from './session-lock.ts';

/** The cookies of a request: the values of each name, in order (RFC 6265 section 4.2). */
export interface RequestCookies {
  /** The values of a name; several if the name is there more than once. */
  readonly values: (name: string) => readonly string[];
  readonly names: () => readonly string[];
}

/** The place of a request: it decides the names and attributes of cookies. */
export interface CookiePlace {
  /** The name of the policy, or empty. */
  readonly policy: string;
  /** Whether browsers reach the host over plain HTTP (`login.httpHosts`). */
  readonly isHttp: boolean;
  /** The host without its port, in lower case. */
  readonly host: string;
}

/** The session of a request. */
export type FoundSession =
  | {
      readonly session: Session;
      /** Identifies the cookie: the SHA-256 of its value. */
      readonly digest: string;
      /** Whether this process has opened the cookie before. */
      readonly isCached: boolean;
      /** Whether the first key of `sessions.keysFile` sealed it. If not, it is sealed again at the next renewal. */
      readonly isCurrentKey: boolean;
      /** Only there with a store, which ends idle sessions: whether the store must learn about this request. */
      readonly isSeenDue?: boolean;
      readonly derived: DerivedFacts;
    }
  /** `end`: if it ended before its time. */
  | { readonly none: Exclude<NoSession, 'invalid'>; readonly end?: EndedMark }
  | { readonly none: 'invalid'; readonly why: () => InvalidCookie }
  /** Too many cookies wait to be opened. The session may be valid, so its cookie stays. */
  | { readonly overloaded: true }
  /** The store is away, and this process has not cached the session. It may be valid, so its cookie stays. The text says why. */
  | { readonly unavailable: string };

/**
 * The place for what the login computes from a session, so that it computes it once. It is here because a lookup elsewhere is slow when
 * there are many sessions. Another configuration is another owner.
 */
export interface DerivedFacts {
  owner: object | undefined;
  facts: unknown;
}

/** Sessions. No function throws because of a client's text. */
export interface SessionStore {
  /**
   * Finds the session of a request. Synchronous if this process has opened the cookie before, or there is none. It does not check the
   * lifetimes of the session.
   *
   * @param isDryRun whether nothing is cached, for a check with a trace
   */
  readonly find: (
    cookies: RequestCookies,
    place: CookiePlace,
    isDryRun?: boolean,
  ) => FoundSession | Promise<FoundSession>;
  /** Only with a store: why no session can be saved now, in plain words. */
  readonly problem?: () => string | undefined;
  /**
   * Saves a new or changed session. With a store, it saves a new one, and gives a browser another cookie of one that the store has. Then
   * it rejects with a `StateError` if the store does not take a new session.
   *
   * @param cookies the cookies of the request. Cookies of the session that are left over are deleted.
   * @returns the values of `set-cookie`, or the largest part of a session that does not fit, with its bytes
   */
  readonly save: (
    session: Session,
    cookies: RequestCookies,
    place: CookiePlace,
  ) => Promise<SavedSession | { readonly tooLarge: string; readonly bytes: number }>;
  /**
   * Notes a request, so that the session does not become idle.
   *
   * @param seenAt seconds since the epoch, rounded down to a minute
   * @returns the values of `set-cookie`, or the largest part of a session that does not fit, with its bytes
   */
  readonly seen: (
    session: Session,
    seenAt: number,
    cookies: RequestCookies,
    place: CookiePlace,
  ) => Promise<SavedSession | { readonly tooLarge: string; readonly bytes: number }>;
  /**
   * Ends a session. This process no longer finds it. With a store, resolves when no other process finds it, or after a time; what is then
   * left is tried again in the background. Never rejects.
   */
  readonly end: (session: Session) => Promise<void>;
  /**
   * Ends the sessions of a `sid` or a person, because their issuer says so. Never rejects.
   *
   * @returns false if the other processes may not know it within 2 s
   */
  readonly endOf: EndedSessions['endOf'];
  /** Only with a store: what a fleet needs to renew a session once. */
  readonly shared?: SharedSessions;
  /**
   * The values of `set-cookie` that delete the session cookies of a request.
   *
   * @param path the path of the request, if cookies that others have planted are deleted too: for each path and domain that fits
   */
  readonly clear: (cookies: RequestCookies, place: CookiePlace, path?: string) => readonly string[];
}

/** A saved session. */
export interface SavedSession {
  readonly cookies: readonly string[];
  /** The digest of the new cookie. */
  readonly digest: string;
  /** The number of cookies that the session fills. */
  readonly chunks: number;
  /** The session; with a store, it has the key of its record. */
  readonly session: Session;
}

/** Sessions that several processes renew. Every function rejects only with a `StateError`. */
export interface SharedSessions {
  /** Reads a session from the store again, past the cache; undefined if it has ended. */
  readonly reread: (session: Session) => Promise<Session | undefined>;
  /** Replaces the content of a session; its cookie stays the same. @returns false if it has ended */
  readonly rewrite: (session: Session) => Promise<boolean>;
  /**
   * Locks a session, so that one process of the fleet renews it.
   *
   * @param life in milliseconds, after which the lock ends in any case
   * @returns the lock; undefined if another process has it
   */
  readonly lock: (session: Session, life: number) => Promise<HeldLock | undefined>;
  /** Since when the store is connected, in milliseconds since the epoch; undefined while it is away. */
  readonly connectedAt: () => number | undefined;
  /** A plain value that stands for a session, for another host of the fleet. A client that has it has the session. */
  readonly referenceOf: (session: Session) => { readonly id: string; readonly key: string };
  /** Reads the session of a reference; undefined if it has ended, or the value is not a reference. */
  readonly resume: (reference: unknown) => Promise<Session | undefined>;
}
