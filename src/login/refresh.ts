/**
 * Renews the tokens of sessions with their refresh tokens (RFC 6749 section 6), for one process. Most issuers accept a refresh token once, and
 * end the whole session at the second use (RFC 9700 section 4.14.2). So each is used once here, and its result serves late requests.
 */
import type { Config } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { Session } from '../session/session.ts';
import { isLoginProblem, type LoginProblem, type Tokens } from './login-client.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';
import { createRefreshPauses } from './refresh-pauses.ts';

/** The result of looking after a session. */
export type Renewal =
  /** The session does not change. */
  | { readonly kind: 'current' }
  /** This session replaces it. Its cookie goes out with the next answer that can carry one. */
  | { readonly kind: 'renewed'; readonly session: Session }
  /** The issuer no longer accepts the refresh token. */
  | { readonly kind: 'ended'; readonly detail: string }
  /** The tokens have ended, and the issuer does not answer. The session stays. */
  | { readonly kind: 'unavailable'; readonly detail: string };

/** Renews a session if that is due. Synchronous if it is not. Never rejects. */
export type Renew = (session: Session, issuer: LoginIssuer) => Renewal | Promise<Renewal>;

/** The renewals of a process. */
export interface Renewals {
  readonly renew: Renew;
  /** The session with the newest tokens that are known for it: a cookie with them may not have reached the browser. */
  readonly newestOf: (session: Session) => Session;
}

/** The dependencies of the renewal. */
export interface RenewalDependencies {
  readonly sessions: Pick<NonNullable<Config['sessions']>, 'refresh' | 'recheck' | 'idleTimeout'>;
  /** The longest wait of a request for a renewal, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
  readonly events: Pick<LoginEvents, 'refreshed' | 'sessionEnded'>;
  /** Makes the new session of the old one and its new tokens. */
  readonly renewed: (session: Session, tokens: Tokens) => Session;
}

/** The part of the time between two renewals in which requests do not wait for a renewal, and its least length in seconds. */
const early = { share: 0.2, seconds: 60 };

/** Late requests get the result of a renewal for at least this time, in milliseconds. */
const shortestMemory = 60_000;

/** Maximum number of results that are kept. */
const mostResults = 10_000;

/** Maximum number of renewals that one late request has missed. */
const mostSteps = 8;

/** The result of a renewal, while cookies with the old refresh token can still arrive. */
interface Result {
  readonly until: number;
  readonly renewal: Renewal & { readonly kind: 'renewed' | 'ended' };
}

/** Creates the renewal of sessions. */
export function createRenewals(dependencies: RenewalDependencies): Renewals {
  const { sessions, maxWait, clock, events, renewed } = dependencies;
  // A browser may not return before its session is idle. Without the result, its next request would use the old refresh token again.
  const memory = Math.max(shortestMemory, sessions.idleTimeout);
  const flights = new Map<string, Promise<Renewal>>();
  const results = new Map<string, Result>();
  const pauses = createRefreshPauses(clock);

  const resultFor = ({ refreshToken = '', renewedAt }: Session): Result['renewal'] | undefined => {
    const result = results.get(refreshToken);
    if (result === undefined || clock.monotonic() >= result.until) return undefined;
    const { renewal } = result;
    // An issuer may return the same refresh token again: then the result can be this session, or an older one.
    const isKnown =
      renewal.kind === 'renewed' &&
      renewal.session.refreshToken === refreshToken &&
      renewal.session.renewedAt <= renewedAt;
    return isKnown ? undefined : renewal;
  };
  const remember = (refreshToken: string, renewal: Result['renewal']) => {
    const now = clock.monotonic();
    results.delete(refreshToken);
    results.set(refreshToken, { renewal, until: now + memory });
    for (const [oldest, { until }] of results) {
      if (now < until && results.size <= mostResults) break;
      results.delete(oldest);
    }
  };

  const conclude = (session: Session, issuer: LoginIssuer, answer: Tokens | LoginProblem): Renewal => {
    const { refreshToken = '' } = session;
    const { name } = issuer.config;
    if (!isLoginProblem(answer)) {
      pauses.answered(name, refreshToken);
      events.refreshed(name, 'success', undefined);
      const renewal = { kind: 'renewed', session: renewed(session, answer) } as const;
      remember(refreshToken, renewal);
      return renewal;
    }
    const { kind, detail } = answer;
    if (kind === 'unavailable') {
      pauses.failed(name, refreshToken);
      events.refreshed(name, 'unavailable', detail);
      return { kind, detail };
    }
    pauses.answered(name, refreshToken);
    events.refreshed(name, 'rejected', detail);
    events.sessionEnded(name, 'refresh_rejected');
    const renewal = { kind: 'ended', detail } as const;
    remember(refreshToken, renewal);
    return renewal;
  };
  const fly = async (session: Session, issuer: LoginIssuer): Promise<Renewal> => {
    const { refreshToken = '', claims, issuer: iss, subject: sub } = session;
    try {
      return conclude(session, issuer, await issuer.client.refresh(refreshToken, { ...claims, iss, sub }));
    } catch {
      return { kind: 'unavailable', detail: 'the renewal of the tokens failed inside this service' };
    } finally {
      flights.delete(refreshToken);
    }
  };
  /** @returns undefined during a pause after a failure */
  const flightFor = (session: Session, issuer: LoginIssuer): Promise<Renewal> | undefined => {
    const { refreshToken = '' } = session;
    const running = flights.get(refreshToken);
    if (running !== undefined) return running;
    if (pauses.isPaused(issuer.config.name, refreshToken)) return undefined;
    const flight = fly(session, issuer);
    flights.set(refreshToken, flight);
    return flight;
  };

  const wait = async (session: Session, flight: Promise<Renewal> | undefined): Promise<Renewal> => {
    const late = () => ({ kind: 'unavailable', detail: 'the renewal of the tokens takes too long' }) as const;
    const paused = { kind: 'unavailable', detail: 'the last renewal of the tokens failed just now' } as const;
    const renewal = flight === undefined ? paused : await withDeadline(flight, maxWait, clock, late);
    const isAlive = (session.tokensEndAt ?? Number.POSITIVE_INFINITY) > clock.now() / 1000;
    return renewal.kind === 'unavailable' && isAlive ? { kind: 'current' } : renewal;
  };

  /** The newest result for a late request, whose session may have been renewed more than once. */
  const latest = (session: Session): Result['renewal'] | undefined => {
    let newest: Result['renewal'] | undefined;
    for (let step = 0; step < mostSteps; step++) {
      const next = resultFor(newest?.kind === 'renewed' ? newest.session : session);
      if (next === undefined) break;
      newest = next;
      if (next.kind === 'ended') break;
    }
    return newest;
  };

  const renew: Renew = (session, issuer) => {
    if (!sessions.refresh || session.refreshToken === undefined) return { kind: 'current' };
    const known = latest(session);
    if (known?.kind === 'ended') return known;
    const unchanged = known ?? ({ kind: 'current' } as const);
    const newest = known?.session ?? session;
    if (newest.refreshToken === undefined) return unchanged;
    const due = dueOf(newest, sessions.recheck / 1000, clock.now() / 1000);
    if (due === 'later') return unchanged;
    const flight = flightFor(newest, issuer);
    if (due === 'soon') return unchanged;
    return wait(newest, flight).then((renewal) => (renewal.kind === 'current' ? unchanged : renewal));
  };
  const newestOf = (session: Session): Session => {
    const known = latest(session);
    return known?.kind === 'renewed' ? known.session : session;
  };
  return { renew, newestOf };
}

/** When a renewal is due: `soon` while the session can still be used. Times are in seconds. */
function dueOf({ tokensEndAt, renewedAt }: Session, recheck: number, now: number): 'later' | 'soon' | 'now' {
  const end = Math.min(tokensEndAt ?? Number.POSITIVE_INFINITY, renewedAt + recheck);
  if (now >= end) return 'now';
  const time = end - renewedAt;
  // Tokens that live for a minute are not renewed at each request.
  const before = Math.min(Math.max(early.seconds, time * early.share), time / 2);
  return now >= end - before ? 'soon' : 'later';
}
