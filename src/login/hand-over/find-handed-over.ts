/** Uses the session that the browser has at the central host, if it is good for the host that asks. */
import type { Decision, NotAllowed } from '../../model/decision.ts';
import { passed, type Trace } from '../../model/trace.ts';
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import { denied, redirect } from '../answers.ts';
import type { LoginRequest } from '../login-request.ts';
import type { Logins } from '../logins.ts';
import type { GrantSession } from './grant-session.ts';
import { describeGranted } from './hand-over-details.ts';
import type { LoginFor } from './login-for.ts';

/** The result. */
export type HandedOver =
  | { readonly kind: 'granted'; readonly decision: Decision }
  /** The store or the issuer is away, or the person may not sign in. Another login would not help. */
  | { readonly kind: 'failed'; readonly decision: NotAllowed }
  /** There is no session, or none that is good. The cookies delete one that is of no use. */
  | { readonly kind: 'none'; readonly cookies: readonly string[] };

/**
 * Looks for a session, at the place of the central host. `cookies` are more values of `set-cookie`, if the session is granted.
 *
 * @param more.since milliseconds since the epoch: only a session that began then or later counts
 */
export type FindHandedOver = (
  asked: LoginRequest,
  loginFor: LoginFor,
  more: { readonly cookies: readonly string[]; readonly since?: number },
  trace?: Trace,
) => Promise<HandedOver>;

/** Creates the search. */
export function createFindHandedOver(parts: {
  readonly findSession: Logins['findSession'];
  readonly store: Pick<SessionStore, 'find'>;
  /** The session with the newest tokens. */
  readonly newestOf: (session: Session) => Session | Promise<Session>;
  readonly grantSession: GrantSession;
}): FindHandedOver {
  const { findSession, store, newestOf, grantSession } = parts;
  const none = { kind: 'none', cookies: [] } as const;
  return async (asked, loginFor, { cookies: more, since = 0 }, trace) => {
    const { request, cookies, cookiePlace } = asked;
    // The rule of the other host says which sessions count.
    const place = { ...asked.place, issuers: loginFor.request.issuers };
    // The rule asks for a new login, or a stronger one.
    if (loginFor.request.stepUp !== undefined) return none;
    const verdict = await findSession(request, place, trace);
    if (verdict.outcome === 'none') return { kind: 'none', cookies: verdict.cookies };
    if (verdict.outcome !== 'signed_in') return { kind: 'failed', decision: verdict };
    const { issuerName } = verdict.identity;
    if (trace !== undefined) {
      passed(trace, {
        step: 'login',
        subject: 'where the browser is sent',
        found: `back to ${loginFor.request.origin}, with the session`,
        option: 'login.host',
      });
      const detail = () => describeGranted(loginFor.request.origin);
      const browser = redirect(loginFor.request.origin + loginFor.request.returnTo);
      return { kind: 'granted', decision: denied('login_completed', browser, { place, issuerName, detail }) };
    }
    const found = await store.find(cookies, cookiePlace);
    if (!('session' in found)) return none;
    const session = await newestOf(found.session);
    if (session.startedAt * 1_000 < since) return none;
    return {
      kind: 'granted',
      decision: await grantSession(asked, loginFor, session, issuerName, [...verdict.cookies, ...more]),
    };
  };
}
