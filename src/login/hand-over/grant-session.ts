/** Sends the browser from the central host back to the host where the login began, with a grant for the session. */
import type { Decision } from '../../model/decision.ts';
import type { Session } from '../../session/session.ts';
import { denied, pageAnswer, redirect } from '../answers.ts';
import { describeFailed } from '../login-details.ts';
import type { LoginEvents } from '../login-events.ts';
import type { LoginPages } from '../login-pages.ts';
import type { LoginRequest } from '../login-request.ts';
import type { CarriedSessions } from './carried-sessions.ts';
import type { Grants } from './grants.ts';
import { describeGranted } from './hand-over-details.ts';
import type { LoginFor } from './login-for.ts';

/** Answers with a grant. @param cookies more values of `set-cookie` */
export type GrantSession = (
  asked: LoginRequest,
  loginFor: LoginFor,
  session: Session,
  issuerName: string,
  cookies: readonly string[],
) => Promise<Decision>;

/** The dependencies. */
export interface GrantSessionParts {
  readonly grants: Pick<Grants, 'seal'>;
  readonly carried: Pick<CarriedSessions, 'pack'>;
  /** Whether the ID token of a session is only the hint of a sign-out. */
  readonly isHintOptional: (session: Session) => boolean;
  /** The path where the other host receives the session. */
  readonly complete: string;
  readonly pages: Pick<LoginPages, 'failed'>;
  readonly events: Pick<LoginEvents, 'handedOver' | 'sessionTooLarge'>;
}

/** The longest address, in characters. Proxies and web servers accept at least 8,000 (RFC 9110 section 4.1). */
const maxAddress = 8_000;

/** Creates the answer. */
export function createGrantSession(parts: GrantSessionParts): GrantSession {
  const { grants, carried, isHintOptional, complete, pages, events } = parts;
  const addressFor = async ({ request }: LoginFor, session: Session): Promise<string> => {
    const grant = await grants.seal(request, carried.pack(session));
    const address = `${request.origin}${complete}?grant=${grant}`;
    if (address.length <= maxAddress || session.idToken === undefined || !isHintOptional(session))
      return address;
    const { idToken: _, ...smaller } = session;
    const other = await grants.seal(request, carried.pack(smaller));
    return `${request.origin}${complete}?grant=${other}`;
  };
  return async (asked, loginFor, session, issuerName, cookies) => {
    const { place, languages } = asked;
    const address = await addressFor(loginFor, session);
    if (address.length > maxAddress) {
      events.sessionTooLarge(issuerName, 'the hand-over', address.length);
      const page = pages.failed({ cause: 'too_large', signIn: loginFor.address() }, languages);
      const found = `the session does not fit into the address of a hand-over: ${address.length} characters, at most ${maxAddress}; keep sessions in the store (state.valkey), which has no such limit`;
      return denied('session_too_large', pageAnswer(403, page, cookies), {
        place,
        issuerName,
        detail: () => describeFailed(found, 'login.host'),
      });
    }
    events.handedOver('granted');
    return denied('login_completed', redirect(address, cookies), {
      place,
      issuerName,
      detail: () => describeGranted(loginFor.request.origin),
    });
  };
}
