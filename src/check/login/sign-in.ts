/** Authenticates a request where sessions count: by its token if it has an authorization header, otherwise by its session. */
import type { LoginHost } from '../../config/login/read-login-host.ts';
import { listed, shown } from '../../config/values/detail-text.ts';
import type { LoginPlace, Logins, SessionVerdict } from '../../login/logins.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision, NotAllowed } from '../../model/decision.ts';
import { type DenyReason, reasons } from '../../model/reasons.ts';
import type { StepDetail, Trace } from '../../model/trace.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import { type Admit, type Authenticate, internalError } from '../authenticate.ts';
import { tooLateForLogin } from './login-deadline.ts';
import { unreadableHost, withHostDetail } from './unreadable-details.ts';

/** Decides about an authenticated request. */
export interface AdmitBoth {
  readonly byToken: Admit;
  readonly bySession: Admit;
}

/** Authenticates a request. It never throws, and its promise never rejects. */
export type SignIn = (request: CheckRequest, admit: AdmitBoth, trace?: Trace) => Decision | Promise<Decision>;

/** The dependencies. */
export interface SignInParts {
  readonly logins: Logins;
  readonly authenticate: Authenticate;
  readonly readHost: (host: string) => LoginHost;
  /** How long a check can wait for an issuer, in milliseconds. */
  readonly time: number;
  readonly clock: Clock;
}

/** The reasons of requests without a usable session. */
const reasonOfNone = {
  absent: 'login_required',
  expired: 'session_expired',
  invalid: 'session_invalid',
} as const satisfies Readonly<Record<string, DenyReason>>;

/**
 * Creates the authentication of a place. A request with an authorization header never uses a session, even if its token is invalid.
 *
 * @param isShadowed whether the place has shadow mode. It lets every request pass, so no browser is sent to log in
 */
export function createSignIn(parts: SignInParts, place: LoginPlace, isShadowed: boolean): SignIn {
  const { logins, authenticate, readHost, time, clock } = parts;

  const admitSession = (
    verdict: SessionVerdict & { readonly outcome: 'signed_in' },
    request: CheckRequest,
    admit: Admit,
    trace: Trace | undefined,
  ): Decision => {
    const { identity, token, cached, cookies } = verdict;
    const problem = logins.originProblem(request, place);
    const { issuerName } = identity;
    const decision: Decision =
      problem === undefined
        ? admit(identity, token, cached, request, trace)
        : { outcome: 'deny', reason: 'origin_not_allowed', issuerName, cached, detail: problem };
    if (decision.outcome !== 'allow')
      return withDenialCookies(logins.explainDenial(decision, request, place, trace), cookies);
    return cookies.length === 0 ? decision : { ...decision, cookies: { set: cookies, forwarded: undefined } };
  };
  const decide = (
    verdict: SessionVerdict,
    request: CheckRequest,
    admit: Admit,
    trace: Trace | undefined,
  ): Decision | Promise<Decision> => {
    switch (verdict.outcome) {
      case 'signed_in':
        return admitSession(verdict, request, admit, trace);
      case 'none':
        return isShadowed ? withoutSession(verdict) : logins.askToLogIn(request, place, verdict, trace);
      default:
        return logins.explainDenial(verdict, request, place, trace);
    }
  };
  const inTime = (decision: Decision | Promise<Decision>, request: CheckRequest) =>
    decision instanceof Promise
      ? withDeadline(decision.catch(internalError), time, clock, () =>
          logins.explainDenial(tooLateForLogin(time), request, place),
        )
      : decision;

  return (request, admit, trace) => {
    if (request.authorization.length > 0) {
      if (trace !== undefined)
        traceChoice(trace, place, 'an authorization header, so the session does not count');
      return authenticate(request, admit.byToken, trace);
    }
    try {
      const host = readHost(request.host);
      if (host === 'unreadable') return unreadableHost(request);
      if (host === 'other') {
        if (trace !== undefined)
          traceChoice(trace, place, `host ${shown(request.host)}, which is not in login.hosts`);
        return withHostDetail(authenticate(request, admit.byToken, trace), request);
      }
      if (trace !== undefined) traceChoice(trace, place, 'no authorization header, so the session counts');
      const verdict = logins.findSession(request, place, trace);
      return inTime(
        verdict instanceof Promise
          ? verdict.then((settled) => decide(settled, request, admit.bySession, trace))
          : decide(verdict, request, admit.bySession, trace),
        request,
      );
    } catch (cause) {
      return internalError(cause);
    }
  };
}

/** The denial of a request without a session in shadow mode. */
function withoutSession({
  cause,
  detail,
}: {
  cause: keyof typeof reasonOfNone;
  detail: () => StepDetail;
}): Decision {
  return { outcome: 'deny', reason: reasonOfNone[cause], detail };
}

/** Adds the cookies of a renewed session to a denial, so that the renewal is not lost. */
function withDenialCookies(denial: NotAllowed, cookies: readonly string[]): NotAllowed {
  if (cookies.length === 0) return denial;
  const answer = denial.browser ?? { status: statusOf(denial), cookies: [] };
  return { ...denial, browser: { ...answer, cookies: [...answer.cookies, ...cookies] } };
}

/** The status of a denial of a signed-in person. Others than these do not occur. */
function statusOf({ reason }: NotAllowed): 400 | 401 | 403 {
  const { httpStatus } = reasons[reason];
  return httpStatus === 400 || httpStatus === 401 ? httpStatus : 403;
}

function traceChoice(trace: Trace, { issuers, option }: LoginPlace, found: string): void {
  trace({
    step: 'login',
    result: 'info',
    subject: 'the credential',
    expected: `a token, or the session of a login at ${listed(issuers)}`,
    found,
    option,
  });
}
