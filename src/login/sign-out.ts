/** Signs a person out: here, and at the issuer (OpenID Connect RP-Initiated Logout 1.0). */
import type { Decision } from '../model/decision.ts';
import { passed, type Trace } from '../model/trace.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { Session } from '../session/session.ts';
import type { FoundSession, SessionStore } from '../session/session-store.ts';
import { denied, pageAnswer, redirect, unavailable } from './answers.ts';
import type { CentralSignOut } from './hand-over/central-sign-out.ts';
import type { SignOutRequest } from './hand-over/sign-out-requests.ts';
import { homeOf } from './home.ts';
import type { IssuerCalls } from './issuer-calls.ts';
import type { LoginCookies } from './login-cookies.ts';
import { describeOrigin, describeSignOut } from './login-details.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import type { LoginRequest } from './login-request.ts';
import { isFromOrigin } from './origin.ts';
import type { Renewals } from './refresh.ts';
import { hasHeader, singleHeader } from './request-headers.ts';
import type { Revoke } from './revocations.ts';
import { describeUnavailable } from './session-details.ts';
import type { SessionLifetime } from './session-lifetime.ts';

/** The dependencies. */
export interface SignOutParts {
  readonly issuers: readonly LoginIssuer[];
  readonly store: SessionStore;
  readonly newestOf: Renewals['newestOf'];
  readonly lifetime: Pick<SessionLifetime, 'endOf'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly loginCookies: LoginCookies;
  readonly calls: IssuerCalls;
  readonly revoke: Revoke;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
  readonly events: LoginEvents;
  readonly randomBytes: (count: number) => Uint8Array;
  /** `login.afterSignOut`. */
  readonly afterSignOut: string;
  readonly clock: Clock;
  /** The longest time of a sign-out, in milliseconds. What is left then continues in the background. */
  readonly time: number;
  /** Only with `login.host`. */
  readonly central?: CentralSignOut | undefined;
}

/** The answers about signing out. */
export interface SignOut {
  /** Signs out, or asks first. Only for `GET`, `HEAD` and `POST`. */
  readonly signOut: (asked: LoginRequest, trace?: Trace) => Promise<Decision>;
  /** The page after a sign-out, where the issuer sends the browser. */
  readonly signedOut: (asked: LoginRequest) => Decision | Promise<Decision>;
}

/** The address of the sign-out at the issuer; undefined if it has none. */
type AtIssuer = string | undefined;

/** The part of the time for which the answer waits until the other processes know that the session has ended. */
const shareOfEnd = 1 / 3;

/** How long the visit of the central host can take, in milliseconds. A browser that never comes there must not keep the session. */
const lateVisit = 60_000;

/** Creates the answers. */
export function createSignOut(parts: SignOutParts): SignOut {
  const {
    issuers,
    store,
    newestOf,
    lifetime,
    now,
    loginCookies,
    calls,
    revoke,
    paths,
    pages,
    events,
    randomBytes,
    clock,
    time,
    central,
  } = parts;

  /** Waits until a time of the monotonic clock, and for ever for a value that is there. */
  const within = <T>(value: T | Promise<T>, until: number, late: T): T | Promise<T> =>
    value instanceof Promise
      ? withDeadline(value, Math.max(0, until - clock.monotonic()), clock, () => late)
      : value;

  /** The session, if it still counts. The holder of a dead cookie must not learn whose it was, or use its tokens. */
  const sessionOf = async (found: FoundSession, until: number): Promise<Session | undefined> => {
    if (!('session' in found)) return undefined;
    const session = await within(newestOf(found.session), until, found.session);
    const hasToken =
      session.accessToken !== undefined || issuerOf(session)?.config.login.forward === 'idToken';
    // The store itself ends an idle session.
    const seenAt = found.isSeenDue === undefined ? session.seenAt : Number.POSITIVE_INFINITY;
    const end = lifetime.endOf(session, seenAt, hasToken, now() / 1_000);
    return end === undefined ? session : undefined;
  };

  const issuerOf = (session: Pick<Session, 'issuer'> | undefined) =>
    issuers.find(({ config }) => config.issuer === session?.issuer);

  const addressAtIssuer = async (
    { host }: LoginRequest,
    issuer: LoginIssuer,
    idToken: string | undefined,
    forOther: SignOutRequest | undefined,
  ): Promise<AtIssuer> => {
    const state =
      forOther === undefined || central === undefined
        ? Buffer.from(randomBytes(16)).toString('base64url')
        : await central.stateFor(forOther);
    const returnTo = host.origin + paths.signedOut;
    const address = await calls(issuer.client.endSessionUrl({ idToken, returnTo, state }));
    return typeof address === 'string' ? address : undefined;
  };

  /** Ends a session. If the central host has another copy of it, that one ends first: it has the refresh token to revoke. */
  const end = async (session: Session, issuer: LoginIssuer | undefined, isCopy: boolean, until: number) => {
    if (isCopy) {
      clock.after(lateVisit, () => void store.end(session));
      return;
    }
    const ended = store.end(session);
    events.sessionEnded(issuer?.config.name ?? session.issuer, 'sign_out');
    if (issuer !== undefined && session.refreshToken !== undefined) revoke(issuer, session.refreshToken);
    // It has ended here. The store can be away for longer than the browser waits.
    await within(ended, Math.min(until, clock.monotonic() + time * shareOfEnd), undefined);
  };

  /**
   * @param until the time of the monotonic clock at which the answer must be there
   * @param forOther the sign-out of another host, at the central host
   */
  const act = async (
    asked: LoginRequest,
    foundSession: FoundSession,
    until: number,
    forOther?: SignOutRequest,
  ): Promise<Decision> => {
    const { request, place, cookies, cookiePlace } = asked;
    const session = await sessionOf(foundSession, until);
    const issuer = issuerOf(session) ?? issuerOf(forOther) ?? issuerOf(signedOutBefore(foundSession));
    const isOther = central !== undefined && !central.isHere(asked.host);
    const cleared = [...store.clear(cookies, cookiePlace), ...loginCookies.clear(cookies, cookiePlace)];
    const ending = session && end(session, issuer, isOther && store.shared === undefined, until);
    if (isOther) {
      await ending;
      const address = await central.addressFor(asked, session);
      return denied('signed_out', redirect(address, cleared, request.method === 'POST' ? 303 : 302), {
        place,
        issuerName: issuer?.config.name,
        detail: () => describeSignOut('the session has ended here; the browser goes to the central host'),
      });
    }
    const idToken = session?.idToken ?? forOther?.idToken;
    const atIssuer = issuer && addressAtIssuer(asked, issuer, idToken, forOther);
    const [address] = await Promise.all([within(atIssuer, until, undefined), ending]);
    const isFar = address !== undefined;
    // After a POST, the browser must continue with GET.
    const status = request.method === 'POST' ? 303 : 302;
    const here = `${forOther?.origin ?? ''}${paths.signedOut}${issuer === undefined ? '' : '?here'}`;
    const found = isFar
      ? 'the session has ended; the browser goes to the issuer'
      : session === undefined
        ? 'there was no session; the cookies are deleted'
        : 'the session has ended; the issuer has no address for a sign-out';
    return denied('signed_out', redirect(address ?? here, cleared, status), {
      place,
      issuerName: issuer?.config.name,
      detail: () => describeSignOut(found),
    });
  };

  /** Whether a sign-out of another host is certainly about the session here, or there is none to lose. */
  const isOf = async (found: FoundSession, until: number, { id }: SignOutRequest): Promise<boolean> => {
    if (problemOf(found) !== undefined) return false;
    const session = await sessionOf(found, until);
    return session === undefined || session.id === id;
  };

  const ask = ({ request, place, languages }: LoginRequest, isForOther: boolean): Decision => {
    // The form keeps the request, so that the person returns to the other host.
    const action = isForOther ? request.path : paths.signOut;
    const page = pages.confirmSignOut({ action, stay: homeOf(place, paths) }, languages);
    const detail = () => describeSignOut('another site may have sent the browser here, so a page asks first');
    return denied('login_path', pageAnswer(200, page), { place, detail });
  };

  /** Nothing was ended, and it is not known whether there is a session. Without its cookie, the person could not end it any more. */
  const tryAgain = (
    { request, place, languages }: LoginRequest,
    isForOther: boolean,
    problem: string,
  ): Decision => {
    const again = isForOther ? request.path : paths.signOut;
    const page = pages.failed({ cause: 'unavailable', signIn: again }, languages);
    const detail = () => describeUnavailable(problem);
    return unavailable(problem, page, [], { place, detail }, 'sessions_unavailable');
  };

  const refuse = ({ request, host, place }: LoginRequest): Decision => {
    const origin = hasHeader(request, 'origin') ? singleHeader(request, 'origin') : undefined;
    const detail = () => describeOrigin(request, origin, [host.origin], 'login.hosts');
    return denied('origin_not_allowed', { status: 403, cookies: [] }, { place, detail });
  };

  return {
    signOut: async (asked, trace) => {
      const { request, host } = asked;
      const isPost = request.method === 'POST';
      if (isPost && !isFromOrigin(request, host.origin)) return refuse(asked);
      const until = clock.monotonic() + time;
      const forOther = await central?.requestOf(asked);
      const find = () => within(store.find(asked.cookies, asked.cookiePlace), until, slow);
      const isAccepted =
        isPost || isWanted(asked) || (forOther !== undefined && (await isOf(await find(), until, forOther)));
      if (!isAccepted) return ask(asked, forOther !== undefined);
      if (trace !== undefined) {
        passed(trace, { step: 'login', subject: 'the sign-out', found: 'a dry run ends no session' });
        return denied('signed_out', redirect(paths.signedOut), {
          place: asked.place,
          detail: () => describeSignOut('a dry run ends no session'),
        });
      }
      const found = await find();
      const problem = problemOf(found);
      return problem === undefined
        ? act(asked, found, until, forOther)
        : tryAgain(asked, forOther !== undefined, problem);
    },
    signedOut: async (asked) => {
      const { request, host, place, languages } = asked;
      const returnTo = await central?.returnOf(asked);
      // A path is one of the other hosts, if this one has no pages.
      const isElsewhere = place.isOnlyCentral === true && parts.afterSignOut.startsWith('/');
      const afterSignOut = isElsewhere ? '' : parts.afterSignOut;
      const detail = () => describeSignOut('the browser comes back from a sign-out');
      if (returnTo !== undefined) return denied('signed_out', redirect(returnTo), { place, detail });
      if (afterSignOut !== '') {
        const location = afterSignOut.startsWith('/') ? host.origin + afterSignOut : afterSignOut;
        return denied('signed_out', redirect(location), { place, detail });
      }
      const page = pages.signedOut(
        { signIn: paths.start('/'), isOnlyHere: request.path.endsWith('?here') },
        languages,
      );
      return denied('signed_out', pageAnswer(200, page), { place, detail });
    },
  };
}

const slow: FoundSession = { unavailable: 'the store did not answer in time' };

/** Why a session can be there that cannot be read now, so that its cookie must stay. */
function problemOf(found: FoundSession): string | undefined {
  if ('unavailable' in found) return found.unavailable;
  return 'overloaded' in found ? 'too many sessions are being read' : undefined;
}

/** The sign-out that ended a session before. Its answer may not have reached the browser, and the session at the issuer lives on then. */
function signedOutBefore(found: FoundSession): { readonly issuer: string } | undefined {
  const end = 'none' in found && 'end' in found ? found.end : undefined;
  return end?.cause === 'here' || end?.cause === 'elsewhere' ? end : undefined;
}

/**
 * Whether a `GET` signs out at once: this host or the person opens it, or a click on another host of the site. A script of another site
 * can borrow any click, so another site never does.
 */
function isWanted({ request }: LoginRequest): boolean {
  const isNavigation =
    request.method === 'GET' &&
    singleHeader(request, 'sec-fetch-mode') === 'navigate' &&
    singleHeader(request, 'sec-fetch-dest') === 'document' &&
    !hasHeader(request, 'sec-purpose');
  const site = singleHeader(request, 'sec-fetch-site');
  const isClick = singleHeader(request, 'sec-fetch-user') === '?1';
  return isNavigation && (['same-origin', 'none'].includes(site) || (site === 'same-site' && isClick));
}
