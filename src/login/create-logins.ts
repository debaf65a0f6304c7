/** Puts the steps of a login together. */
import type { Config } from '../config/declare/options.ts';
import { issuerTime } from '../config/login/login-time.ts';
import type { Decision } from '../model/decision.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { CookieNames } from '../session/cookie-names.ts';
import type { Seal } from '../session/seal.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { StateStore } from '../state/state-store.ts';
import { createAnswerOwnPath } from './answer-own-path.ts';
import { createAskToLogIn } from './ask-to-log-in.ts';
import { createBegin } from './begin.ts';
import { createCallback } from './callback.ts';
import { createCookieChanges } from './cookie-changes.ts';
import { createExplainDenial } from './explain-denial.ts';
import { createFinish } from './finish.ts';
import { createHandOver } from './hand-over/create-hand-over.ts';
import { createIssuerCalls } from './issuer-calls.ts';
import { createLoginCookies } from './login-cookies.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginHostOf } from './login-hosts.ts';
import type { LoginIssuer } from './login-issuer.ts';
import { createLoginLoops } from './login-loops.ts';
import type { LoginPages } from './login-pages.ts';
import { createLoginPaths } from './login-paths.ts';
import type { Logins } from './logins.ts';
import { createOriginProblem } from './origin.ts';
import type { Renewals } from './refresh.ts';
import { createReplacedSessions } from './replaced-sessions.ts';
import { createRevoke } from './revocations.ts';
import { createSendToIssuer } from './send-to-issuer.ts';
import { createSessionLifetime } from './session-lifetime.ts';
import type { SessionMaker } from './session-of-tokens.ts';
import { createSignOut } from './sign-out.ts';
import { createStart } from './start.ts';
import { createUsedLogins } from './used-logins.ts';
import { createAnswerUser } from './user.ts';

/** The parts of logins. */
export interface LoginParts {
  readonly config: Config & {
    readonly login: NonNullable<Config['login']>;
    readonly sessions: NonNullable<Config['sessions']>;
  };
  /** Every issuer with `login`. */
  readonly issuers: readonly LoginIssuer[];
  readonly hostOf: LoginHostOf;
  /** The names of the cookies of the store. */
  readonly names: CookieNames;
  readonly seal: Seal;
  readonly store: SessionStore;
  /** The store that replicas share; undefined without `state`. */
  readonly state?: StateStore | undefined;
  readonly sessionMaker: SessionMaker;
  readonly findSession: Logins['findSession'];
  readonly newestOf: Renewals['newestOf'];
  readonly events: LoginEvents;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly pages: LoginPages;
}

/** The most revocations that run at the same time. */
const maxRevocations = 64;

/** The most finished logins in memory. Their codes are not sent twice. */
const maxUsedLogins = 10_000;

/** Creates the logins of a configuration. */
export function createLogins(parts: LoginParts): Logins {
  const {
    config,
    issuers,
    hostOf,
    names,
    seal,
    store,
    state,
    sessionMaker,
    findSession,
    newestOf,
    events,
    clock,
    randomBytes,
    pages,
  } = parts;
  const { login, sessions, limits } = config;
  const now = () => clock.now();
  const paths = createLoginPaths(login.paths, issuers.length > 1, login.host);
  const { sameSite } = sessions.cookie;
  const loginCookies = createLoginCookies({ names, seal, sameSite, timeout: login.timeout, now });
  const loops = createLoginLoops(names, sameSite, clock);
  const deadline = issuerTime(limits);
  const calls = createIssuerCalls(deadline, clock);
  const begin = createBegin({ loginCookies, paths, pages, events, calls, now, randomBytes });
  const toIssuer = createSendToIssuer({ issuers, begin, paths, pages });
  const { frames, cors, afterSignOut, timeout, host } = login;
  const explainDenial = createExplainDenial({ hostOf, store, paths, pages });
  const replaced = createReplacedSessions({ issuers, store, events, clock });
  const { isHintOptional } = sessionMaker;
  const central =
    host === undefined
      ? undefined
      : createHandOver({
          host,
          timeout,
          frames,
          hostOf,
          seal,
          store,
          state,
          loginCookies,
          loops,
          replaced,
          isHintOptional,
          findSession,
          explainDenial,
          newestOf,
          toIssuer,
          paths,
          pages,
          events,
          clock,
          randomBytes,
        });
  const sendToIssuer = central?.sendToLogIn ?? toIssuer;
  const start = createStart({ paths, sendToIssuer, events, frames, central });
  const finish = createFinish({
    replaced,
    central,
    beginSession: sessionMaker.begin,
    store,
    loginCookies,
    loops,
    paths,
    pages,
    events,
    calls,
    clock,
  });
  const used = createUsedLogins<Decision>(login.timeout, maxUsedLogins, clock);
  const askToLogIn = createAskToLogIn({ hostOf, paths, pages, sendToIssuer, loops, events, frames, cors });
  const signOut = createSignOut({
    issuers,
    store,
    newestOf,
    lifetime: createSessionLifetime(sessions),
    now,
    loginCookies,
    calls,
    revoke: createRevoke(maxRevocations, events),
    paths,
    pages,
    events,
    randomBytes,
    afterSignOut,
    clock,
    time: deadline,
    central: central?.signOut,
  });
  return {
    isOwnPath: (path) => paths.read(path) !== undefined,
    answerOwnPath: createAnswerOwnPath({
      ...signOut,
      hostOf,
      paths,
      start,
      callback: createCallback({
        issuers,
        loginCookies,
        findSession,
        finish,
        used,
        start,
        paths,
        pages,
        events,
        central,
      }),
      complete: central?.createComplete(start),
      answerUser: createAnswerUser({ issuers, findSession, askToLogIn }),
    }),
    findSession,
    originProblem: createOriginProblem(hostOf, cors),
    askToLogIn,
    explainDenial,
    cookieChanges: createCookieChanges(names),
  };
}
