/**
 * Answers the grant of the central host: the host where the login began takes the session. The grant must belong to the login cookie of this
 * browser, so one that an attacker sends to another person is worthless. It is used up in any case.
 */
import type { Decision } from '../../model/decision.ts';
import { passed, type Trace } from '../../model/trace.ts';
import type { SessionStore } from '../../session/session-store.ts';
import { StateError } from '../../state/state-store.ts';
import { denied, pageAnswer, redirect } from '../answers.ts';
import { createFailedLogin } from '../failed-login.ts';
import type { LoginCookies } from '../login-cookies.ts';
import { describeFailed } from '../login-details.ts';
import type { LoginEvents } from '../login-events.ts';
import type { LoginLoops } from '../login-loops.ts';
import type { LoginPages } from '../login-pages.ts';
import type { LoginPaths } from '../login-paths.ts';
import type { LoginRequest } from '../login-request.ts';
import type { Logins } from '../logins.ts';
import { deleteOldCookies } from '../old-cookies.ts';
import type { ReplacedSessions } from '../replaced-sessions.ts';
import { queryOf } from '../request-headers.ts';
import type { Start } from '../start.ts';
import type { CarriedSessions } from './carried-sessions.ts';
import type { Grant, Grants } from './grants.ts';
import {
  describeHandOver,
  describeOtherPlace,
  describeReceived,
  describeUnreadable,
} from './hand-over-details.ts';
import type { UsedGrants } from './used-grants.ts';

/** Answers a grant. */
export type Complete = (asked: LoginRequest, trace?: Trace) => Promise<Decision>;

/** The dependencies. */
export interface CompleteParts {
  readonly grants: Pick<Grants, 'open'>;
  readonly used: UsedGrants;
  readonly carried: Pick<CarriedSessions, 'unpack'>;
  readonly loginCookies: Pick<LoginCookies, 'find' | 'finish'>;
  readonly store: Pick<SessionStore, 'save'>;
  readonly replaced: ReplacedSessions;
  readonly findSession: Logins['findSession'];
  readonly explainDenial: Logins['explainDenial'];
  readonly start: Pick<Start, 'again'>;
  readonly loops: Pick<LoginLoops, 'succeeded'>;
  readonly paths: LoginPaths;
  readonly complete: string;
  readonly pages: Pick<LoginPages, 'failed' | 'signedIn'>;
  readonly events: Pick<LoginEvents, 'handedOver' | 'sessionTooLarge' | 'sessionLookup'>;
}

/** Creates the answer. */
export function createComplete(parts: CompleteParts): Complete {
  const { grants, used, carried, loginCookies, store, replaced, findSession, explainDenial } = parts;
  const { start, loops, paths, complete, pages, events } = parts;

  const failed = createFailedLogin(pages, paths);

  /** The browser has no login for the grant: another tab has finished it, the person went back, or the browser keeps no cookies. */
  const lost = async (
    asked: LoginRequest,
    { returnTo, isAgain }: Grant,
    why: string,
    trace: Trace | undefined,
  ): Promise<Decision> => {
    const { request, place } = asked;
    const verdict = await findSession(request, place, trace);
    if (verdict.outcome === 'signed_in')
      return denied('login_completed', redirect(returnTo, verdict.cookies), {
        place,
        detail: () => describeHandOver(`${why}; the browser already has a session`),
      });
    if (verdict.outcome !== 'none') return explainDenial(verdict, request, place, trace);
    if (!isAgain) return start.again(asked, undefined, trace);
    return failed(asked, 'unfinished', () => describeHandOver(`for the second time: ${why}`));
  };

  const receive = async (asked: LoginRequest, grant: Grant): Promise<Decision> => {
    const { host, place, cookies, cookiePlace, languages } = asked;
    const { origin, policy, hash: stateHash } = grant;
    const found = await loginCookies.find(
      { stateHash, origin, callback: complete, policy },
      cookies,
      cookiePlace,
    );
    if ('none' in found) {
      events.handedOver('lost');
      return lost(asked, grant, 'the grant belongs to no login of this browser', undefined);
    }
    const session = await carried.unpack(grant.carried);
    if (session === undefined) {
      events.handedOver('expired');
      return lost(asked, grant, 'the session of the grant has ended', undefined);
    }
    const own = { ...session, policy: place.policy };
    const saved = await store.save(own, cookies, cookiePlace);
    const finished = await loginCookies.finish(found, cookies, cookiePlace);
    const { returnTo } = found.login;
    if ('tooLarge' in saved) {
      events.sessionTooLarge(session.issuer, saved.tooLarge, saved.bytes);
      const detail = `the session has ${saved.bytes} bytes, the largest part is ${saved.tooLarge}`;
      const signIn = paths.start(returnTo);
      const page = pages.failed({ cause: 'too_large', signIn, part: saved.tooLarge }, languages);
      return denied('session_too_large', pageAnswer(403, page, finished), {
        place,
        detail: () => describeFailed(detail, 'login.host'),
      });
    }
    await replaced.endOld(asked, own, true);
    events.handedOver('completed');
    const { issuer, subject } = session;
    const counted = loops.succeeded({ issuer, subject, returnTo }, cookies, cookiePlace);
    const changes = [...saved.cookies, ...finished, ...counted, ...deleteOldCookies(cookies, host)];
    return denied('login_completed', redirect(returnTo, changes), {
      place,
      detail: () => describeReceived(returnTo),
    });
  };

  /** The store is away: the session may be good, so the login cookie stays. */
  const unlessAway = async (
    asked: LoginRequest,
    answer: Promise<Decision | undefined>,
  ): Promise<Decision | undefined> => {
    try {
      return await answer;
    } catch (cause) {
      if (!(cause instanceof StateError)) throw cause;
      events.handedOver('unavailable');
      const { message } = cause;
      const error = {
        outcome: 'error',
        reason: 'sessions_unavailable',
        problem: message,
        detail: () => describeHandOver(`the store of the sessions is away: ${message}`),
      } as const;
      return explainDenial(error, asked.request, asked.place);
    }
  };

  return async (asked, trace) => {
    const { request, host, place, languages } = asked;
    const given = queryOf(request.path)?.getAll('grant') ?? [];
    const [text] = given;
    if (text === undefined || given.length > 1)
      return denied('login_path', pageAnswer(200, pages.signedIn({ signOut: paths.signOut }, languages)), {
        place,
        detail: () => describeHandOver('the address has no grant'),
      });
    const opened = await grants.open(text);
    const { grant } = opened;
    if (grant === undefined) {
      const { keyId } = opened;
      if (trace === undefined) events.handedOver('refused');
      if (trace === undefined && keyId !== undefined) events.sessionLookup('invalid');
      return failed(asked, keyId === undefined ? 'failed' : 'unreadable', () =>
        describeUnreadable('grant', keyId),
      );
    }
    if (grant.origin !== host.origin || grant.policy !== place.policy) {
      if (trace === undefined) events.handedOver('refused');
      return failed(asked, 'failed', () =>
        describeOtherPlace(placeText(grant), `a grant for ${placeText({ ...grant, ...host, ...place })}`),
      );
    }
    if (trace !== undefined) {
      passed(trace, {
        step: 'login',
        subject: 'the grant of the central host',
        found: opened.isExpired ? 'one for this host that has expired' : 'one for this host',
        option: 'login.host',
      });
      return failed(asked, 'failed', () => describeHandOver('a dry run does not use the grant'));
    }
    const use = async (): Promise<Decision> => {
      if (!opened.isExpired) return receive(asked, grant);
      events.handedOver('expired');
      return lost(asked, grant, 'the grant has expired', undefined);
    };
    const decision = await unlessAway(asked, used.useOnce(grant, use));
    if (decision !== undefined) return decision;
    events.handedOver('replayed');
    return lost(asked, grant, 'the grant was used before', undefined);
  };
}

function placeText({ origin, policy }: Pick<Grant, 'origin' | 'policy'>): string {
  return policy === '' ? origin : `${origin} with policy ${policy}`;
}
