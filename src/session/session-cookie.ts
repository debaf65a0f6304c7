/** The session cookie of a place: its attributes, its host, and its deletion. Both places of sessions have the same. */
import { presentNames } from './chunks.ts';
import type { CookieNames } from './cookie-names.ts';
import { deletePlanted } from './planted-cookies.ts';
import type { CookiePlace, SessionStore } from './session-store.ts';
import { type CookieAttributes, deleteCookie } from './set-cookie.ts';

/** `sessions.cookie`. */
export interface SessionCookieOptions {
  readonly domain?: string | undefined;
  readonly sameSite: 'lax' | 'none';
}

/** The cookie. */
export interface SessionCookie {
  readonly attributesAt: (place: CookiePlace) => CookieAttributes;
  /** The only host that a session counts for; undefined if hosts share it. */
  readonly hostAt: (place: CookiePlace) => string | undefined;
  readonly clear: SessionStore['clear'];
}

/** Describes the cookie. */
export function createSessionCookie(options: SessionCookieOptions, names: CookieNames): SessionCookie {
  const attributesAt = ({ isHttp }: CookiePlace): CookieAttributes => ({ ...options, isHttp });
  return {
    attributesAt,
    hostAt: ({ host }) => (options.domain === undefined ? host : undefined),
    clear: (cookies, place, path) => {
      const present = presentNames(names.session(place), cookies);
      const attributes = attributesAt(place);
      return path === undefined
        ? present.map((name) => deleteCookie(name, attributes))
        : deletePlanted(present, attributes, place.host, path);
    },
  };
}
