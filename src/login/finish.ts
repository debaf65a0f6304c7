/** Finishes a login whose `state` holds: redeems the code, and saves the session (OpenID Connect Core 1.0 section 3.1.3). */
import type { Decision } from '../model/decision.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import { StateError } from '../state/state-store.ts';
import { denied, pageAnswer, redirect, unavailable } from './answers.ts';
import type { GrantSession } from './hand-over/grant-session.ts';
import type { LoginForRequest } from './hand-over/login-for.ts';
import type { IssuerCalls } from './issuer-calls.ts';
import { isLoginProblem, isRejectedClient, type LoginProblem } from './login-client.ts';
import type { FoundLogin, LoginCookies } from './login-cookies.ts';
import { describeCompleted, describeFailed, describeIssuerProblem } from './login-details.ts';
import type { LoginEvents, LoginResult } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginLoops } from './login-loops.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import type { LoginRequest } from './login-request.ts';
import { deleteOldCookies } from './old-cookies.ts';
import type { ReplacedSessions } from './replaced-sessions.ts';
import { describeUnavailable } from './session-details.ts';
import type { SessionMaker } from './session-of-tokens.ts';

/** The dependencies of the end of a login. */
export interface FinishParts {
  readonly beginSession: SessionMaker['begin'];
  readonly store: SessionStore;
  readonly replaced: ReplacedSessions;
  readonly loginCookies: LoginCookies;
  readonly loops: LoginLoops;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
  readonly events: LoginEvents;
  readonly calls: IssuerCalls;
  readonly clock: Pick<Clock, 'now'>;
  /** Only with `login.host`. */
  readonly central?: { readonly loginFor: LoginForRequest; readonly grantSession: GrantSession } | undefined;
}

/** The end of a login. */
export interface Finished {
  readonly decision: Decision;
  /** Whether the code was sent to the issuer, which accepts it once. */
  readonly isCodeUsed: boolean;
}

/** Finishes a login. */
export type Finish = (asked: LoginRequest, found: FoundLogin, issuer: LoginIssuer) => Promise<Finished>;

/** A login that ends. */
interface Ending extends FoundLogin {
  /** The address that starts the same login again. */
  readonly signIn: string;
}

/** Creates the end of logins. */
export function createFinish(parts: FinishParts): Finish {
  const { beginSession, store, replaced, loginCookies, loops, paths, pages, events, calls, clock, central } =
    parts;

  const ended = (
    found: FoundLogin,
    issuer: LoginIssuer,
    result: LoginResult,
    more: Omit<Parameters<LoginEvents['loginFinished']>[2], 'seconds'> = {},
  ) => {
    const seconds = Math.max(0, (clock.now() - found.login.startedAt) / 1_000);
    events.loginFinished(issuer.config.name, result, { seconds, ...more });
  };

  const fail = (asked: LoginRequest, found: Ending, issuer: LoginIssuer, problem: LoginProblem): Finished => {
    const { name } = issuer.config;
    const { kind, detail } = problem;
    const isCodeUsed = !(kind === 'unavailable' && problem.isUnsent === true);
    // A reload of the page can redeem a code that was not sent.
    const cookies = isCodeUsed ? [loginCookies.remove(found.name, asked.cookiePlace)] : [];
    const cause = kind === 'cancelled' || kind === 'unavailable' ? kind : 'failed';
    const page = pages.failed({ cause, signIn: found.signIn }, asked.languages);
    ended(found, issuer, cause, {
      detail,
      ...(cause === 'unavailable' && isRejectedClient(problem) && { isClientRejected: true }),
    });
    const answered = { place: asked.place, issuerName: name };
    if (cause === 'unavailable')
      return {
        isCodeUsed,
        decision: unavailable(detail, page, cookies, {
          ...answered,
          detail: () => describeIssuerProblem(issuer, problem),
        }),
      };
    return {
      isCodeUsed,
      decision: denied(
        cause === 'cancelled' ? 'login_cancelled' : 'login_failed',
        pageAnswer(403, page, cookies),
        { ...answered, detail: () => describeFailed(detail, `${issuer.path}.login`) },
      ),
    };
  };

  /** The store takes no session. */
  const failAtStore = (
    asked: LoginRequest,
    found: Ending,
    issuer: LoginIssuer,
    problem: string,
    isCodeUsed: boolean,
  ): Finished => {
    const cookies = isCodeUsed ? [loginCookies.remove(found.name, asked.cookiePlace)] : [];
    const page = pages.failed({ cause: 'unavailable', signIn: found.signIn }, asked.languages);
    ended(found, issuer, 'unavailable', { detail: problem });
    const answered = { place: asked.place, issuerName: issuer.config.name };
    const detail = () => describeUnavailable(problem);
    const of = { ...answered, detail };
    return { isCodeUsed, decision: unavailable(problem, page, cookies, of, 'sessions_unavailable') };
  };

  /** @returns the problem of the store as a text */
  const save = async (session: Session, { cookies, cookiePlace }: LoginRequest) => {
    try {
      return await store.save(session, cookies, cookiePlace);
    } catch (error) {
      if (error instanceof StateError) return error.message;
      throw error;
    }
  };

  return async (asked, foundLogin, issuer) => {
    const { request, host, place, cookies, cookiePlace, languages } = asked;
    const { login } = foundLogin;
    const { name } = issuer.config;
    const loginFor = login.handOver === undefined ? undefined : await central?.loginFor(login.handOver);
    const signIn = loginFor?.address(name) ?? paths.start(login.returnTo, name);
    const found = { ...foundLogin, signIn };
    // A reload of the page can redeem a code that was not sent.
    const problem = store.problem?.();
    if (problem !== undefined) return failAtStore(asked, found, issuer, problem, false);
    const callback = new URL(host.origin + request.path);
    const tokens = await calls(
      issuer.client.finish(callback, {
        redirectUri: login.origin + login.callback,
        state: login.state,
        nonce: login.nonce,
        codeVerifier: login.codeVerifier,
      }),
    );
    if (isLoginProblem(tokens)) return fail(asked, found, issuer, tokens);
    const { claims } = tokens;
    if (claims === undefined)
      return fail(asked, found, issuer, { kind: 'rejected', detail: 'the issuer returned no ID token' });
    const session = beginSession({ issuer, policy: place.policy, tokens: { ...tokens, claims } });
    const saved = await save(session, asked);
    if (typeof saved === 'string') return failAtStore(asked, found, issuer, saved, true);
    const finished = await loginCookies.finish(found, cookies, cookiePlace);
    if ('tooLarge' in saved) {
      const detail = `the session has ${saved.bytes} bytes, the largest part is ${saved.tooLarge}`;
      events.sessionTooLarge(name, saved.tooLarge, saved.bytes);
      ended(found, issuer, 'too_large', { detail });
      const page = pages.failed({ cause: 'too_large', signIn, part: saved.tooLarge }, languages);
      return {
        isCodeUsed: true,
        decision: denied('session_too_large', pageAnswer(403, page, finished), {
          place,
          issuerName: name,
          detail: () => describeFailed(detail, `${issuer.path}.login.forward`),
        }),
      };
    }
    const { issuer: iss, subject } = session;
    await replaced.endOld(asked, session, loginFor !== undefined);
    ended(found, issuer, 'success');
    if (loginFor !== undefined && central !== undefined) {
      const set = [...saved.cookies, ...finished];
      return {
        isCodeUsed: true,
        decision: await central.grantSession(asked, loginFor, saved.session, name, set),
      };
    }
    const { returnTo } = login;
    const counted = loops.succeeded({ issuer: iss, subject, returnTo }, cookies, cookiePlace);
    const changes = [...saved.cookies, ...finished, ...counted, ...deleteOldCookies(cookies, host)];
    return {
      isCodeUsed: true,
      decision: denied('login_completed', redirect(login.returnTo, changes), {
        place,
        issuerName: name,
        detail: () => describeCompleted(issuer, login.returnTo),
      }),
    };
  };
}
