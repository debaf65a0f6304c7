/** Begins a login: makes its secrets, seals them into a cookie, and sends the browser to the issuer (RFC 6749 section 4.1.1). */

import type { Decision } from '../model/decision.ts';
import type { DenyReason } from '../model/reasons.ts';
import { passed, type StepDetail, type Trace } from '../model/trace.ts';
import { denied, redirect, unavailable } from './answers.ts';
import type { LoginFor } from './hand-over/login-for.ts';
import type { IssuerCalls } from './issuer-calls.ts';
import { isLoginProblem, type LoginProblem, type StepUp } from './login-client.ts';
import type { LoginCookies } from './login-cookies.ts';
import { describeIssuerProblem } from './login-details.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import type { LoginRequest } from './login-request.ts';
import { uiLocalesOf } from './ui-locales.ts';

/** The parts of a start. */
export interface LoginStart {
  readonly issuer: LoginIssuer;
  /** The validated return address. */
  readonly returnTo: string;
  /** The reason of the decision, and its detail. */
  readonly reason: DenyReason;
  readonly detail: () => StepDetail;
  /** More values of `set-cookie`. */
  readonly cookies?: readonly string[];
  /** Whether the last login of this browser came back without its cookie. The next one to do so ends with a page. */
  readonly isAgain?: boolean;
  readonly stepUp?: StepUp;
  /** At the central host: the login is for another host. */
  readonly loginFor?: LoginFor;
}

/** Begins a login. */
export type Begin = (asked: LoginRequest, start: LoginStart, trace?: Trace) => Promise<Decision>;

/** The dependencies of the beginning. */
export interface BeginParts {
  readonly loginCookies: LoginCookies;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
  readonly events: LoginEvents;
  readonly calls: IssuerCalls;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** The beginning of the `state` of a second attempt. It is public: it only chooses between a new login and a page. */
const again = 'again.';

/** Whether a `state` is that of a second attempt. */
export function isSecondAttempt(state: string): boolean {
  return state.startsWith(again);
}

/** Whether a text can be a `state` of this service. */
export function isState(text: string): boolean {
  return /^(?:again\.)?[A-Za-z0-9_-]{43}$/.test(text);
}

/** Creates the beginning. */
export function createBegin(parts: BeginParts): Begin {
  const { loginCookies, paths, pages, events, calls, now, randomBytes } = parts;
  const secret = () => Buffer.from(randomBytes(32)).toString('base64url');
  const addressOf = ({ returnTo, loginFor }: LoginStart, name: string) =>
    loginFor?.address(name) ?? paths.start(returnTo, name);
  const failed = (asked: LoginRequest, start: LoginStart, problem: LoginProblem) => {
    const { name } = start.issuer.config;
    const page = pages.failed({ cause: 'unavailable', signIn: addressOf(start, name) }, asked.languages);
    return unavailable(problem.detail, page, [], {
      place: asked.place,
      issuerName: name,
      detail: () => describeIssuerProblem(start.issuer, problem),
    });
  };
  const answer = ({ place }: LoginRequest, { issuer, reason, detail }: LoginStart, browser: Redirect) =>
    denied(reason, browser, { place, issuerName: issuer.config.name, detail });

  return async (asked, start, trace) => {
    const { issuer, returnTo, isAgain, stepUp, loginFor } = start;
    const { name, issuer: iss } = issuer.config;
    if (trace !== undefined) {
      const problem = issuer.client.problem();
      if (problem !== undefined) return failed(asked, start, { kind: 'unavailable', detail: problem });
      passed(trace, {
        step: 'login',
        subject: 'where the browser is sent',
        found: `to issuer ${name}`,
        option: `${issuer.path}.login`,
      });
      return answer(asked, start, redirect(addressOf(start, name)));
    }
    const callback = paths.callbackOf(name);
    const state = (isAgain === true ? again : '') + secret();
    const [nonce, codeVerifier] = [secret(), secret()];
    const redirectUri = asked.host.origin + callback;
    const uiLocales = uiLocalesOf(asked.languages);
    const sent = await calls(
      issuer.client.authorizationUrl({
        redirectUri,
        state,
        nonce,
        codeVerifier,
        ...(stepUp !== undefined && { stepUp }),
        ...(uiLocales !== undefined && { uiLocales }),
      }),
    );
    if (isLoginProblem(sent)) return failed(asked, start, sent);
    const login = {
      issuer: iss,
      state,
      nonce,
      codeVerifier,
      returnTo,
      origin: asked.host.origin,
      callback,
      policy: asked.place.policy,
      startedAt: now(),
      ...(loginFor !== undefined && { handOver: loginFor.request }),
    };
    const cookies = await loginCookies.add(login, asked.cookies, asked.cookiePlace);
    events.loginStarted(name);
    return answer(asked, start, redirect(sent.url, [...(start.cookies ?? []), ...cookies]));
  };
}

type Redirect = ReturnType<typeof redirect>;
