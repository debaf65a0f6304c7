/** Answers a request without a session: a redirect to the issuer, a page, or a 401 that a script understands. */
import { shown } from '../config/values/detail-text.ts';
import type { BrowserAnswer } from '../model/browser-answer.ts';
import { loginHeader } from '../model/browser-answer.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision } from '../model/decision.ts';
import type { DenyReason } from '../model/reasons.ts';
import { passed, type StepDetail, type Trace } from '../model/trace.ts';
import type { NoSession } from '../session/session.ts';
import { denied, pageAnswer } from './answers.ts';
import { describeLoop, describeRequired } from './login-details.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginHostOf } from './login-hosts.ts';
import type { LoginLoops } from './login-loops.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import { type LoginRequest, readLoginRequest } from './login-request.ts';
import type { LoginPlace, Logins } from './logins.ts';
import { type Opening, readOpening } from './navigation.ts';
import { singleHeader } from './request-headers.ts';
import { returnAddressOf } from './return-address.ts';
import type { SendToIssuer } from './send-to-issuer.ts';

/** The dependencies. */
export interface AskParts {
  readonly hostOf: LoginHostOf;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
  readonly sendToIssuer: SendToIssuer;
  readonly loops: LoginLoops;
  readonly events: LoginEvents;
  /** `login.frames`. */
  readonly frames: boolean;
  /** `login.cors`. */
  readonly cors: readonly string[];
}

/** The reason by what happened to the session. Browsers get the same answer for all of them. */
const reasonOf: Readonly<Record<NoSession, DenyReason>> = {
  absent: 'login_required',
  invalid: 'session_invalid',
  expired: 'session_expired',
};

/** Creates the answer. */
export function createAskToLogIn(parts: AskParts): Logins['askToLogIn'] {
  const { hostOf, paths, pages, sendToIssuer, loops, events, frames, cors } = parts;

  const answerOpening = (
    asked: LoginRequest,
    opening: Opening,
    { cookies, ...answered }: Answered,
    trace: Trace | undefined,
  ): Decision | Promise<Decision> => {
    const { request, place, languages } = asked;
    const { reason, why, detail } = answered;
    const isCounted = trace === undefined && opening.opens !== 'other';
    const returnTo = returnAddress(request, isCounted);
    const signIn = paths.start(returnTo);
    const link = [loginHeader, signIn] as const;
    if (opening.opens === 'page' && loops.isLoop(asked.cookies, asked.cookiePlace)) {
      const cause = loops.keepsSession(asked.cookies, asked.cookiePlace) ? 'unreadable' : 'unfinished';
      return denied('login_failed', pageAnswer(403, pages.failed({ cause, signIn }, languages), cookies), {
        place,
        detail: () => describeLoop(why()),
      });
    }
    if (opening.opens === 'page')
      return sendToIssuer(asked, { returnTo, status: 401, cookies, reason, detail }, trace);
    if (opening.opens === 'other')
      return denied(
        reason,
        { status: 401, cookies: [], headers: [link, ...corsHeaders(request, cors)] },
        {
          place,
          detail,
        },
      );
    const page = pageAnswer(401, pages.needsSignIn({ place: opening.opens, signIn }, languages));
    const browser: BrowserAnswer = { ...page, headers: [...(page.headers ?? []), link] };
    return denied(reason, browser, { place, detail });
  };

  const returnAddress = (request: CheckRequest, isCounted: boolean): string => {
    const address = returnAddressOf(request, paths);
    if (address === undefined && isCounted) events.returnAddressRefused(request.host);
    return address ?? '/';
  };

  return (request, place, none, trace) => {
    const reason = reasonOf[none.cause];
    const host = hostOf(request.host);
    if (host === undefined || place.when === 'never') {
      const headers = host === undefined ? [] : corsHeaders(request, cors);
      return denied(
        reason,
        { status: 401, cookies: [], headers },
        {
          place,
          detail: () =>
            describeRequired(none.detail(), host === undefined ? 'other_host' : 'never', request.host, place),
        },
      );
    }
    const opening = readOpening(request, { when: place.when, frames });
    if (trace !== undefined) traceOpening(trace, opening, place);
    const detail = () => describeRequired(none.detail(), opening, request.host, place);
    const asked = readLoginRequest(request, host, place);
    return answerOpening(asked, opening, { cookies: none.cookies, reason, why: none.detail, detail }, trace);
  };
}

interface Answered {
  readonly reason: DenyReason;
  readonly cookies: readonly string[];
  /** Why there is no session. */
  readonly why: () => StepDetail;
  readonly detail: () => StepDetail;
}

/** Lets a page of a listed origin read the answer (Fetch standard, CORS protocol). */
function corsHeaders(
  request: CheckRequest,
  listed: readonly string[],
): readonly (readonly [name: string, value: string])[] {
  const origin = singleHeader(request, 'origin');
  if (!listed.includes(origin)) return [];
  return [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', 'true'],
    ['access-control-expose-headers', `www-authenticate, ${loginHeader}`],
    ['vary', 'origin'],
  ];
}

function traceOpening(trace: Trace, { opens, by, found }: Opening, { option }: LoginPlace): void {
  passed(trace, { step: 'login', subject: by, expected: `${opens}`, found: shown(found), option });
}
