/** The cookies of logins in progress: one sealed cookie a login, found by its `state`, at most five for a browser. */
import { createHash } from 'node:crypto';
import { isSameText } from '../runtime/same-text.ts';
import type { CookieNames } from '../session/cookie-names.ts';
import type { Seal } from '../session/seal.ts';
import type { CookiePlace, RequestCookies } from '../session/session-store.ts';
import { deleteCookie, setCookie } from '../session/set-cookie.ts';
import { type HandOverRequest, isHandOverRequest } from './hand-over/hand-over-request.ts';
import { loopMark } from './login-loops.ts';

/** A login in progress. */
export interface PendingLogin {
  /** The exact `iss` of the issuer that the browser was sent to (RFC 9700 section 4.4); empty if that was the central host. */
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** The validated return address. */
  readonly returnTo: string;
  /** The origin where the login began. It ends at the same one. */
  readonly origin: string;
  /** The path of the redirect URI. */
  readonly callback: string;
  /** The name of the policy, or empty. */
  readonly policy: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** At the central host: the request that the login is for. */
  readonly handOver?: HandOverRequest;
}

/** A login in progress, and the name of its cookie. */
export interface FoundLogin {
  readonly name: string;
  readonly login: PendingLogin;
}

/** Why a request has no login in progress: no cookie, one that says something else, or an old one with its return address. */
export type NoLogin =
  | { readonly none: 'absent' | 'invalid' }
  /** Sealed with a key that this process does not have. */
  | { readonly none: 'of_other_key'; readonly keyId: string }
  | { readonly none: 'expired'; readonly login: PendingLogin };

/** The cookies. */
export interface LoginCookies {
  /** Values of `set-cookie`: one for the login, and those that delete the oldest others. */
  readonly add: (
    login: PendingLogin,
    cookies: RequestCookies,
    place: CookiePlace,
  ) => Promise<readonly string[]>;
  /** Finds the login that a `state` belongs to. @param expected.stateHash its SHA-256 ({@link hashOfState}) */
  readonly find: (
    expected: Pick<PendingLogin, 'origin' | 'callback' | 'policy'> & { readonly stateHash: string },
    cookies: RequestCookies,
    place: CookiePlace,
  ) => Promise<FoundLogin | NoLogin>;
  /**
   * Deletes the cookie of a finished login, and those of logins at the same issuer with the same return address. Logins that begin at the
   * same time do not know of each other, so the oldest are deleted too if there are more than ten.
   */
  readonly finish: (
    found: FoundLogin,
    cookies: RequestCookies,
    place: CookiePlace,
  ) => Promise<readonly string[]>;
  /** Deletes the cookie of a login. */
  readonly remove: (name: string, place: CookiePlace) => string;
  /** Deletes the cookies of all logins. */
  readonly clear: (cookies: RequestCookies, place: CookiePlace) => readonly string[];
}

/** The dependencies of the cookies. */
export interface LoginCookieParts {
  readonly names: CookieNames;
  readonly seal: Seal;
  readonly sameSite: 'lax' | 'none';
  /** `login.timeout`, in milliseconds. */
  readonly timeout: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The most logins in progress of a browser. Browsers throw out the oldest cookie of a site, which could be the session. */
const maxLogins = 5;

/** At the central host, the logins of all hosts meet. */
const maxCentralLogins = 10;

/**
 * How long the cookie of a login for another host stays, in milliseconds. A page of an issuer can stay open over night, and the cookie says
 * where the login began.
 */
const overNight = 24 * 60 * 60 * 1_000;

/** The most cookies of a request that are opened, and that are deleted in one answer: a client can send many. */
const maxOpened = 10;
const maxDeleted = 20;

/** Creates the cookies. */
export function createLoginCookies({ names, seal, sameSite, timeout, now }: LoginCookieParts): LoginCookies {
  const remove = (name: string, { isHttp }: CookiePlace) => deleteCookie(name, { isHttp, sameSite });
  const allNamesIn = (cookies: RequestCookies) => cookies.names().filter(names.isLogin);
  const namesIn = (cookies: RequestCookies) =>
    allNamesIn(cookies).filter((name) => !name.endsWith(`-login-${loopMark}`));
  const isExpired = ({ startedAt }: PendingLogin) => {
    const age = now() - startedAt;
    return age > timeout || age < -timeout;
  };
  const open = async (name: string, cookies: RequestCookies): Promise<PendingLogin | undefined> => {
    const [value, ...others] = new Set(cookies.values(name));
    // A sibling domain can plant a second cookie of the same name: then neither counts.
    if (value === undefined || others.length > 0) return undefined;
    return readPendingLogin((await seal.open('oidc-authz-login', value))?.value);
  };
  const unreadable = (values: readonly string[]): NoLogin => {
    const [keyId] = values.flatMap((value) => seal.otherKeyOf('oidc-authz-login', value) ?? []);
    return keyId === undefined ? { none: 'invalid' } : { none: 'of_other_key', keyId };
  };
  const openAll = async (found: readonly string[], cookies: RequestCookies) =>
    // Browsers send the newest of several cookies last.
    Promise.all(found.slice(-maxOpened).map(async (name) => ({ name, login: await open(name, cookies) })));

  return {
    remove,
    add: async (login, cookies, place) => {
      const others = namesIn(cookies);
      const most = login.handOver === undefined ? maxLogins : maxCentralLogins;
      const opened = others.length < most ? [] : await openAll(others, cookies);
      // An unreadable cookie is older than all others. One that was not opened is surplus in any case.
      const newestFirst = opened
        .toReversed()
        .filter((one) => one.login !== undefined && !isExpired(one.login))
        .toSorted((one, other) => (other.login?.startedAt ?? 0) - (one.login?.startedAt ?? 0));
      const kept = new Set(newestFirst.slice(0, most - 1).map(({ name }) => name));
      const surplus = others.length < most ? [] : others.filter((name) => !kept.has(name));
      const value = await seal.seal('oidc-authz-login', login);
      const life = login.handOver === undefined ? timeout : Math.max(timeout, overNight);
      return [
        ...surplus.slice(0, maxDeleted).map((name) => remove(name, place)),
        setCookie(names.login(place, markOf(hashOfState(login.state))), value, life / 1_000, {
          isHttp: place.isHttp,
          sameSite,
        }),
      ];
    },
    find: async (expected, cookies, place) => {
      const name = names.login(place, markOf(expected.stateHash));
      if (cookies.values(name).length === 0) return { none: 'absent' };
      const login = await open(name, cookies);
      if (login === undefined) return unreadable(cookies.values(name));
      if (!isSameText(hashOfState(login.state), expected.stateHash)) return { none: 'invalid' };
      const { origin, callback, policy } = login;
      const isHere =
        origin === expected.origin && callback === expected.callback && policy === expected.policy;
      if (!isHere) return { none: 'invalid' };
      return isExpired(login) ? { none: 'expired', login } : { name, login };
    },
    finish: async ({ name, login }, cookies, place) => {
      const present = namesIn(cookies).filter((other) => other !== name);
      const others = await openAll(present, cookies);
      const surplus = present.slice(0, Math.max(0, present.length - maxOpened)).slice(0, maxDeleted);
      const twins = others.filter(
        (other) =>
          other.login !== undefined &&
          // Logins for other hosts return to different pages.
          other.login.handOver === undefined &&
          other.login.issuer === login.issuer &&
          other.login.returnTo === login.returnTo,
      );
      return [name, ...twins.map((twin) => twin.name), ...surplus].map((one) => remove(one, place));
    },
    clear: (cookies, place) =>
      allNamesIn(cookies)
        .slice(0, maxDeleted)
        .map((name) => remove(name, place)),
  };
}

/** The SHA-256 of a `state`, base64url. */
export function hashOfState(state: string): string {
  return createHash('sha256').update(state).digest('base64url');
}

/** The part of the name that a login cookie has from its `state`. */
function markOf(stateHash: string): string {
  return stateHash.slice(0, 8);
}

const textMembers = [
  'issuer',
  'state',
  'nonce',
  'codeVerifier',
  'returnTo',
  'origin',
  'callback',
  'policy',
] as const satisfies readonly (keyof PendingLogin)[];

/** Reads an opened value; undefined if another version of this service has sealed it in another form. */
function readPendingLogin(value: unknown): PendingLogin | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const login = value as Partial<Record<keyof PendingLogin, unknown>>;
  const isWhole =
    textMembers.every((member) => typeof login[member] === 'string') &&
    typeof login.startedAt === 'number' &&
    (login.handOver === undefined || isHandOverRequest(login.handOver));
  return isWhole ? (login as PendingLogin) : undefined;
}
