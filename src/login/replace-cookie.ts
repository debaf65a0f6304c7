/** Replaces the cookie of a session: after a request, after a refresh, and after a change of keys. */
import type { Clock } from '../runtime/time/clock.ts';
import type { Session } from '../session/session.ts';
import type { CookiePlace, RequestCookies, SessionStore } from '../session/session-store.ts';
import type { Found, KnownSession } from './known-session.ts';
import type { LoginEvents } from './login-events.ts';
import { minuteOf, type SessionLifetime } from './session-lifetime.ts';

/** The request whose cookie is replaced. */
export interface CookieOfRequest {
  readonly host: string;
  readonly cookies: RequestCookies;
  readonly place: CookiePlace;
}

/** Replaces cookies. Each function returns values of `set-cookie`, and no promise rejects. */
export interface ReplaceCookie {
  /** Writes the time of the request, at most once a minute. */
  readonly seen: (
    found: Found,
    known: KnownSession,
    at: CookieOfRequest,
  ) => readonly string[] | Promise<readonly string[]>;
  /** The cookies of a session after a refresh: the same ones for each request that still sends the old cookie. */
  readonly refreshed: (
    old: KnownSession,
    renewed: KnownSession,
    at: CookieOfRequest,
  ) => Promise<readonly string[]>;
  /** After a refresh of a shared session, whose cookie stays the same. */
  readonly kept: (
    found: Found,
    old: KnownSession,
    renewed: KnownSession,
    at: CookieOfRequest,
  ) => readonly string[] | Promise<readonly string[]>;
  /** Counts the requests that send an old cookie after a new one was sent. */
  readonly noteRepeat: (known: KnownSession, host: string) => void;
}

/** The dependencies. */
export interface ReplaceCookieDependencies {
  readonly store: Pick<SessionStore, 'save' | 'seen'>;
  readonly lifetime: SessionLifetime;
  readonly events: Pick<LoginEvents, 'sessionTooLarge' | 'cookieNotDelivered'>;
  readonly clock: Clock;
}

/**
 * After a new cookie was sent, this many requests with the old one are too many, at any time: people can be slow. Requests of the first
 * second, in milliseconds, do not count: they were under way.
 */
const tooManyRepeats = 3;
const underWay = 1_000;

const none: readonly string[] = [];

/** Creates the replacement. */
export function createReplaceCookie({
  store,
  lifetime,
  events,
  clock,
}: ReplaceCookieDependencies): ReplaceCookie {
  const save = async (session: Session, known: KnownSession, { cookies, place }: CookieOfRequest) => {
    try {
      const saved = await store.save(session, cookies, place);
      if ('cookies' in saved) return saved.cookies;
      events.sessionTooLarge(known.issuer.config.name, saved.tooLarge, saved.bytes);
      return none;
    } catch {
      // Without a key, nothing can be sealed. The old cookie stays.
      return none;
    }
  };
  const noteSent = (known: KnownSession) => {
    known.sentAt ??= clock.monotonic();
  };

  const replace: ReplaceCookie = {
    seen: (found, known, at) => {
      const isKeyDue = !found.isCurrentKey && !known.isSealedAgain;
      if (found.isSeenDue !== undefined) {
        // It does not wait for the store, and needs no cookie.
        if (found.isSeenDue) void store.seen(found.session, known.seenAt, at.cookies, at.place);
        if (!isKeyDue) return none;
        known.isSealedAgain = true;
        noteSent(known);
        return save(found.session, known, at);
      }
      const now = clock.now() / 1000;
      if (!lifetime.isSeenDue(known.seenAt, now) && !isKeyDue) return none;
      known.seenAt = minuteOf(now);
      known.isSealedAgain = !found.isCurrentKey;
      noteSent(known);
      return save({ ...found.session, seenAt: known.seenAt }, known, at);
    },
    refreshed: (old, renewed, at) => {
      old.seenAt = minuteOf(clock.now() / 1000);
      if (old.renewed?.known !== renewed)
        old.renewed = { known: renewed, cookies: save(renewed.session, renewed, at) };
      noteSent(old);
      return old.renewed.cookies;
    },
    kept: (found, old, renewed, at) => {
      // While the store does not take the new session, requests find the old one.
      if (old.renewed?.known !== renewed) old.renewed = { known: renewed, cookies: Promise.resolve(none) };
      return replace.seen(found, old, at);
    },
    noteRepeat: (known, host) => {
      if (known.sentAt === undefined || clock.monotonic() - known.sentAt < underWay) return;
      known.repeats++;
      if (known.repeats % tooManyRepeats === 0) events.cookieNotDelivered(host);
    },
  };
  return replace;
}
