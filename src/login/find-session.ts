/** Finds the session of a request, and checks what its issuer requires. */
import type { Config } from '../config/declare/options.ts';
import { sessionsAreShared } from '../config/session/session-place.ts';
import type { CurrentDenyList } from '../credential/token/revocation.ts';
import { passed, type StepDetail, type Trace } from '../model/trace.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { EndedMark } from '../session/ended-sessions.ts';
import { readCookies } from '../session/read-cookies.ts';
import type { InvalidCookie, NoSession, Session } from '../session/session.ts';
import type { FoundSession, SessionStore } from '../session/session-store.ts';
import { createKnowSession, type Found, type KnownSession } from './known-session.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginHostOf } from './login-hosts.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginPlace, Logins, SessionVerdict } from './logins.ts';
import type { Renew, Renewal } from './refresh.ts';
import { type CookieOfRequest, createReplaceCookie } from './replace-cookie.ts';
import {
  describeAbsent,
  describeEnded,
  describeInvalid,
  describeNotRenewed,
  describeOtherHost,
  describeOtherIssuer,
  describeOutdated,
  describeOverload,
  describeRejected,
  describeUnavailable,
} from './session-details.ts';
import { createSessionLifetime } from './session-lifetime.ts';

/** The dependencies. */
export interface FindSessionDependencies {
  readonly config: Config & { readonly sessions: NonNullable<Config['sessions']> };
  readonly issuers: readonly LoginIssuer[];
  readonly denyList: CurrentDenyList;
  readonly store: SessionStore;
  readonly renew: Renew;
  readonly hostOf: LoginHostOf;
  readonly events: LoginEvents;
  readonly clock: Clock;
}

/** One request that looks for a session. */
interface Lookup extends CookieOfRequest {
  readonly option: LoginPlace;
  /** With its query. */
  readonly path: string;
  readonly trace: Trace | undefined;
}

/** A verdict without a session. */
type None = SessionVerdict & { readonly outcome: 'none' };

/** Creates the search for one configuration. */
export function createFindSession(dependencies: FindSessionDependencies): Logins['findSession'] {
  const { config, issuers, denyList, store, renew, hostOf, events, clock } = dependencies;
  const lifetime = createSessionLifetime(config.sessions);
  const know = createKnowSession({ config, issuers, denyList, lifetime });
  const replace = createReplaceCookie({ store, lifetime, events, clock });
  const { maxVerificationsInFlight } = config.limits;
  const opened = sessionsAreShared(config) ? 'store' : 'opened';

  const none = (cause: NoSession, detail: () => StepDetail, lookup: Lookup, isUseless = true): None => {
    const { trace, cookies, place } = lookup;
    if (trace === undefined) events.sessionLookup(cause);
    return { outcome: 'none', cause, detail, cookies: isUseless ? store.clear(cookies, place) : [] };
  };

  const ended = (end: EndedMark | undefined, lookup: Lookup): None => {
    const isNew = lookup.trace === undefined && end !== undefined && !end.isReported;
    if (isNew && end.cause !== 'here') events.sessionEnded(nameOf(end.issuer), end.cause);
    if (isNew) end.isReported = true;
    return none('expired', () => describeEnded(end?.cause), lookup);
  };

  const nameOf = (issuer: string) =>
    issuers.find(({ config: one }) => one.issuer === issuer)?.config.name ?? issuer;

  const invalid = (why: InvalidCookie, lookup: Lookup): None => {
    const { cookies, place, path } = lookup;
    const found = none('invalid', () => describeInvalid(why), lookup);
    return why.is === 'mixed' ? { ...found, cookies: store.clear(cookies, place, path) } : found;
  };

  const signedIn = (known: KnownSession, isCached: boolean, cookies: readonly string[]): SessionVerdict => ({
    outcome: 'signed_in',
    identity: known.identity,
    token: known.token,
    cached: isCached,
    cookies,
  });

  /** Checks what the issuer requires. */
  const admit = (
    known: KnownSession,
    isCached: boolean,
    trace: Trace | undefined,
    cookies: () => readonly string[] | Promise<readonly string[]>,
  ): SessionVerdict | Promise<SessionVerdict> => {
    const now = clock.now() / 1000;
    const failed = known.check(known.facts, now, trace);
    if (failed !== undefined) {
      const { name: issuerName, requiredScopes } = known.issuer.config;
      const detail = () => failed.describe(known.facts, now);
      const denial = {
        outcome: 'deny',
        reason: failed.reason,
        issuerName,
        cached: isCached,
        detail,
      } as const;
      return failed.reason === 'scope_insufficient' ? { ...denial, requiredScopes } : denial;
    }
    return after(cookies(), (set) => signedIn(known, isCached, set));
  };

  /** Continues with the result of a renewal. */
  const afterRenewal = (
    renewal: Renewal,
    found: Found,
    known: KnownSession,
    lookup: Lookup,
  ): SessionVerdict | Promise<SessionVerdict> => {
    switch (renewal.kind) {
      case 'current':
        return admit(known, found.isCached, lookup.trace, () => replace.seen(found, known, lookup));
      case 'renewed': {
        const renewed = renewedOf(known, renewal.session);
        if (renewed === undefined) return none('expired', describeOutdated, lookup);
        return admit(renewed, found.isCached, lookup.trace, () =>
          store.shared === undefined
            ? replace.refreshed(known, renewed, lookup)
            : replace.kept(found, known, renewed, lookup),
        );
      }
      case 'ended':
        // The renewal of a shared session has ended it, once for all requests that wait.
        if (store.shared === undefined) void store.end(known.session);
        return none(
          'expired',
          renewal.isElsewhere === true ? describeEnded : () => describeRejected(renewal.detail),
          lookup,
        );
      case 'unavailable':
        return {
          outcome: 'error',
          reason: renewal.isStore === true ? 'sessions_unavailable' : 'login_unavailable',
          issuerName: known.issuer.config.name,
          problem: renewal.detail,
          detail: () => describeNotRenewed(renewal.detail),
        };
    }
  };

  const renewedOf = (known: KnownSession, session: Session) =>
    known.renewed?.known.session === session ? known.renewed.known : know.afterRefresh(session);

  const judgeFound = (found: Found, lookup: Lookup): SessionVerdict | Promise<SessionVerdict> => {
    const { trace, host, option } = lookup;
    const known = know.known(found);
    if (known === undefined) return none('expired', describeOutdated, lookup);
    const { session, issuer } = known;
    const { name } = issuer.config;
    if (!option.issuers.includes(name))
      return none('absent', () => describeOtherIssuer(name, option), lookup, false);
    const now = clock.now() / 1000;
    // The store itself ends an idle session.
    const seenAt = found.isSeenDue === undefined ? known.seenAt : Number.POSITIVE_INFINITY;
    const end = lifetime.endOf(session, seenAt, known.token !== '', now);
    if (end !== undefined) {
      if (trace === undefined && !known.isEndReported) events.sessionEnded(name, end.cause);
      known.isEndReported ||= trace === undefined;
      return none('expired', end.detail, lookup);
    }
    if (trace !== undefined) {
      traceFound(trace, found, name);
      return admit(known, found.isCached, trace, () => []);
    }
    events.sessionLookup(found.isCached ? 'cached' : opened);
    replace.noteRepeat(known, host);
    if (!lifetime.isRenewable(session)) return afterRenewal(current, found, known, lookup);
    return after(renew(session, issuer), (renewal) => afterRenewal(renewal, found, known, lookup));
  };

  const judge = (found: FoundSession, lookup: Lookup): SessionVerdict | Promise<SessionVerdict> => {
    if ('session' in found) return judgeFound(found, lookup);
    if ('overloaded' in found)
      return {
        outcome: 'error',
        reason: 'overloaded',
        detail: () => describeOverload(maxVerificationsInFlight),
      };
    if ('unavailable' in found) {
      const { unavailable: problem } = found;
      if (lookup.trace === undefined) events.sessionLookup('unavailable');
      return {
        outcome: 'error',
        reason: 'sessions_unavailable',
        problem,
        detail: () => describeUnavailable(problem),
      };
    }
    switch (found.none) {
      case 'absent':
        return none('absent', () => describeAbsent(lookup.option), lookup);
      case 'invalid':
        return invalid(found.why(), lookup);
      case 'expired':
        return ended(found.end, lookup);
    }
  };

  return (request, place, trace) => {
    const loginHost = hostOf(request.host);
    const cookies = readCookies(request.header('cookie'));
    const cookiePlace = {
      policy: place.policy,
      isHttp: loginHost?.isHttp === true,
      host: loginHost?.name ?? '',
    };
    const lookup = {
      host: request.host,
      path: request.path,
      cookies,
      place: cookiePlace,
      option: place,
      trace,
    };
    if (loginHost === undefined) return none('absent', describeOtherHost, lookup, false);
    const found = store.find(cookies, cookiePlace, trace !== undefined);
    return after(found, (one) => judge(one, lookup));
  };
}

const current = { kind: 'current' } as const;

/** Continues at once if a value is there, otherwise when it is. */
function after<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function traceFound(trace: Trace, { isCached, isCurrentKey }: Found, issuer: string): void {
  passed(trace, {
    step: 'session',
    subject: 'the session cookie',
    expected: 'a session',
    found: [
      `a session of ${issuer}`,
      isCached ? 'cached' : 'not cached',
      isCurrentKey ? 'sealed with the first key' : 'sealed with an older key',
    ].join(', '),
    option: 'sessions.keysFile',
  });
}
