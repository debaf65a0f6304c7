/**
 * Answers the redirect URI. The order matters: until the `state` holds, nothing is fetched, and the client learns nothing (RFC 6749
 * section 10.12).
 */
import type { Decision } from '../model/decision.ts';
import { passed, type Trace } from '../model/trace.ts';
import { pathOf } from '../runtime/path-of.ts';
import { denied, redirect } from './answers.ts';
import { isSecondAttempt } from './begin.ts';
import { readCallback } from './callback-query.ts';
import { createFailedLogin } from './failed-login.ts';
import type { Finish } from './finish.ts';
import type { FindHandedOver } from './hand-over/find-handed-over.ts';
import type { LoginForRequest } from './hand-over/login-for.ts';
import { homeOf } from './home.ts';
import {
  type FoundLogin,
  hashOfState,
  type LoginCookies,
  type NoLogin,
  type PendingLogin,
} from './login-cookies.ts';
import { describeFailed, describeGoingOn, describeLost } from './login-details.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import type { LoginRequest } from './login-request.ts';
import type { Logins } from './logins.ts';
import type { Start } from './start.ts';
import type { UsedLogins } from './used-logins.ts';

/** The dependencies. */
export interface CallbackParts {
  readonly issuers: readonly LoginIssuer[];
  readonly loginCookies: LoginCookies;
  readonly findSession: Logins['findSession'];
  readonly finish: Finish;
  readonly used: UsedLogins<Decision>;
  readonly start: Start;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
  readonly events: Pick<LoginEvents, 'sessionLookup'>;
  /** Only with `login.host`. */
  readonly central?:
    | { readonly loginFor: LoginForRequest; readonly findHandedOver: FindHandedOver }
    | undefined;
}

/**
 * Answers a callback.
 *
 * @param issuerName the name in the path; undefined if there is none
 */
export type Callback = (
  asked: LoginRequest,
  issuerName: string | undefined,
  trace?: Trace,
) => Promise<Decision>;

/** Creates the answer. */
export function createCallback(parts: CallbackParts): Callback {
  const { issuers, loginCookies, findSession, finish, used, start, paths, pages, events, central } = parts;
  const names = issuers.map(({ config }) => config.name);

  const answerFailed = createFailedLogin(pages, paths);
  const failed = (asked: LoginRequest, text: string, cookies?: readonly string[]): Decision =>
    answerFailed(asked, 'failed', () => describeFailed(text), cookies);

  /** The answer belongs to no login: another tab has finished it, the page of the issuer was old, or the browser keeps no cookies. */
  const withoutLogin = async (
    asked: LoginRequest,
    { state, issuerName, returnTo, keyId }: Lost,
    trace: Trace | undefined,
  ): Promise<Decision> => {
    const { request, place } = asked;
    const verdict = await findSession(request, { ...place, issuers: names }, trace);
    if (verdict.outcome === 'signed_in') {
      const detail = () => describeGoingOn(returnTo);
      return denied('login_completed', redirect(returnTo, verdict.cookies), { place, detail });
    }
    if (verdict.outcome === 'error') return verdict;
    // An issuer that does not return the `state` would do so again and again, without an end.
    if (state !== undefined && !isSecondAttempt(state)) return start.again(asked, issuerName, trace);
    return answerFailed(asked, keyId === undefined ? 'unfinished' : 'unreadable', () =>
      state === undefined ? describeFailed(withoutState) : describeLost(keyId),
    );
  };

  /** A login for another host continues there. */
  const returnOf = async ({ handOver, returnTo }: PendingLogin): Promise<string> =>
    handOver === undefined || central === undefined ? returnTo : (await central.loginFor(handOver)).address();

  /** Another tab has signed in for another host meanwhile: all hosts then share its session. */
  const alreadyGranted = async (
    asked: LoginRequest,
    { name, login: { handOver, startedAt } }: FoundLogin,
  ): Promise<Decision | undefined> => {
    if (handOver === undefined || central === undefined) return undefined;
    const removed = loginCookies.remove(name, asked.cookiePlace);
    const found = await central.findHandedOver(asked, await central.loginFor(handOver), {
      cookies: [removed],
      since: startedAt,
    });
    return found.kind === 'granted' ? found.decision : undefined;
  };

  const finishLogin = async (
    asked: LoginRequest,
    found: FoundLogin,
    issuer: LoginIssuer,
  ): Promise<Decision> => {
    const { decision, isCodeUsed } = await finish(asked, found, issuer);
    if (!isCodeUsed) used.forget(found.login.state);
    return decision;
  };

  return async (asked, issuerName, trace) => {
    const { request, host, cookies, cookiePlace, place } = asked;
    const { state, problem } = readCallback(request.path);
    const lost = { state, issuerName, returnTo: homeOf(place, paths) };
    if (state === undefined) return withoutLogin(asked, lost, trace);
    const expected = {
      stateHash: hashOfState(state),
      origin: host.origin,
      callback: pathOf(request.path),
      policy: place.policy,
    };
    const found: FoundLogin | NoLogin = await loginCookies.find(expected, cookies, cookiePlace);
    if (trace !== undefined) traceLogin(trace, found);
    if ('none' in found) {
      if (found.none === 'of_other_key' && trace === undefined) events.sessionLookup('invalid');
      const returnTo = 'login' in found ? await returnOf(found.login) : lost.returnTo;
      // The host where the login began starts it again.
      if ('login' in found && found.login.handOver !== undefined)
        return denied('login_required', redirect(returnTo), { place, detail: () => describeFailed(tooLate) });
      return withoutLogin(asked, { ...lost, ...('keyId' in found && found), returnTo }, trace);
    }
    const granted = trace === undefined ? await alreadyGranted(asked, found) : undefined;
    if (granted !== undefined) return granted;
    if (problem !== undefined) return failed(asked, problem);
    const issuer = issuers.find(({ config }) => config.issuer === found.login.issuer);
    if (issuer === undefined)
      return failed(asked, 'the issuer of the login is no longer configured', [
        loginCookies.remove(found.name, cookiePlace),
      ]);
    if (trace !== undefined) return failed(asked, 'a dry run does not redeem the code');
    const finished = used.finishOnce(state, () => finishLogin(asked, found, issuer));
    if (finished !== undefined) return finished;
    return withoutLogin(asked, { ...lost, returnTo: await returnOf(found.login) }, trace);
  };
}

/** A login whose cookie is not there. */
interface Lost {
  readonly state: string | undefined;
  readonly issuerName: string | undefined;
  readonly returnTo: string;
  /** The key of its cookie, if this process does not have it. */
  readonly keyId?: string;
}

const tooLate = 'the login has taken longer than login.timeout; it starts again at its host';
const withoutState = 'the answer of the issuer does not have one state that this service can read';

function traceLogin(trace: Trace, found: FoundLogin | NoLogin): void {
  passed(trace, {
    step: 'login',
    subject: 'the cookie of the login',
    found: 'none' in found ? found.none : 'one that belongs to this answer',
  });
}
