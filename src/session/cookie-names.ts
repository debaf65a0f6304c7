/** The names of the cookies of this service (RFC 6265bis section 4.1.3: cookie name prefixes). */
import type { CookiePlace } from './session-store.ts';

/** The options that decide the names. */
export interface CookieNameOptions {
  /** `sessions.cookie.name`. */
  readonly name: string;
  /** `sessions.cookie.domain`. */
  readonly domain?: string | undefined;
}

/** The parts of a place that decide the name of a session. */
export type NamedPlace = Pick<CookiePlace, 'policy' | 'isHttp'>;

/** The names. */
export interface CookieNames {
  /** The session cookie. The name has the policy, so that teams do not share sessions by accident. */
  readonly session: (place: NamedPlace) => string;
  /**
   * The cookie of a login in progress. It is for one host, even if sessions are shared.
   *
   * @param mark 8 characters of base64url
   */
  readonly login: (place: Pick<CookiePlace, 'isHttp'>, mark: string) => string;
  /** Whether a name is one of a login in progress, at any place. */
  readonly isLogin: (name: string) => boolean;
  /** A text that is in each name of a cookie of this service. */
  readonly stem: string;
  /** Whether a name belongs to this service: a session, a chunk of one, or a login in progress. */
  readonly isOwn: (name: string) => boolean;
}

/** The suffixes of the chunks of a session that does not fit into one cookie. */
export const chunkSuffixes = ['.0', '.1', '.2'] as const;

const loginMark = /^-login-[A-Za-z0-9_-]{8}$/;

/**
 * Creates the names.
 *
 * @param policies the names of all policies
 */
export function createCookieNames(
  { name, domain }: CookieNameOptions,
  policies: readonly string[],
): CookieNames {
  const prefix = domain === undefined ? '__Host-' : '__Secure-';
  const make = (isHttp: boolean, policy: string) =>
    `${isHttp ? '' : prefix}${name}${policy === '' ? '' : `-${policy}`}`;
  const made = new Map(['', ...policies].map((policy) => [policy, make(false, policy)]));
  const session = ({ policy, isHttp }: NamedPlace) =>
    (isHttp ? undefined : made.get(policy)) ?? make(isHttp, policy);
  const plain = new Set(
    ['', ...policies].flatMap((policy) => {
      const one = session({ policy, isHttp: true });
      return [one, ...chunkSuffixes.map((suffix) => one + suffix)];
    }),
  );
  const withoutPrefix = (cookie: string) =>
    cookie.startsWith('__Host-') ? 7 : cookie.startsWith('__Secure-') ? 9 : 0;
  const isLogin = (cookie: string) => {
    const start = withoutPrefix(cookie);
    return cookie.startsWith(name, start) && loginMark.test(cookie.slice(start + name.length));
  };
  return {
    session,
    login: ({ isHttp }, mark) => `${isHttp ? '' : '__Host-'}${name}-login-${mark}`,
    isLogin,
    stem: name,
    isOwn: (cookie) => {
      const start = withoutPrefix(cookie);
      return cookie.startsWith(name, start) && (plain.has(cookie.slice(start)) || isLogin(cookie));
    },
  };
}
