/** The requests that need a renewal: which of them wait for it, and how long. All requests of a session share one flight. */
import type { Config } from '../config/declare/options.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { Session } from '../session/session.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { Renew, Renewal } from './refresh.ts';
import { delayOf, dueOf } from './refresh-due.ts';
import type { RefreshPauses } from './refresh-pauses.ts';
import type { RefreshResults } from './refresh-results.ts';

/**
 * Renews a session.
 *
 * @param isUrgent whether a request waits for it by now
 */
export type Fly = (session: Session, issuer: LoginIssuer, isUrgent: () => boolean) => Promise<Renewal>;

/** The dependencies. */
export interface RefreshRequestsDependencies {
  readonly sessions: Pick<NonNullable<Config['sessions']>, 'refresh' | 'recheck'>;
  /** The longest wait of a request for a renewal, in milliseconds. */
  readonly maxWait: number;
  readonly clock: Clock;
  /** Delays the early renewals of this process, from 0 to 1; undefined if they all begin as early as possible. */
  readonly delay: number | undefined;
  readonly results: RefreshResults;
  readonly pauses: RefreshPauses;
  /** The key of a flight: sessions with the same one share it. */
  readonly keyOf: (session: Session) => string;
  readonly fly: Fly;
}

/** The requests of a process. */
export interface RefreshRequests {
  readonly renew: Renew;
  /** Starts no early renewal any more. Resolves when those under way have ended. */
  readonly drain: () => Promise<void>;
}

/** A renewal under way. */
interface Flight {
  readonly renewal: Promise<Renewal>;
  /** Says that a request waits for it. */
  readonly urge: () => void;
}

const failed = {
  kind: 'unavailable',
  detail: 'the renewal of the tokens failed inside this service',
} as const;
const late = { kind: 'unavailable', detail: 'the renewal of the tokens takes too long' } as const;

/** Creates the answer to requests. */
export function createRefreshRequests(dependencies: RefreshRequestsDependencies): RefreshRequests {
  const { sessions, maxWait, clock, delay, results, pauses, keyOf, fly } = dependencies;
  const flights = new Map<string, Flight>();
  let isDraining = false;

  const start = (key: string, session: Session, issuer: LoginIssuer, urgent: boolean): Flight => {
    let isUrgent = urgent;
    const renewal = fly(session, issuer, () => isUrgent)
      .catch(() => failed)
      .finally(() => flights.delete(key));
    const urge = () => {
      isUrgent = true;
    };
    const flight = { renewal, urge };
    flights.set(key, flight);
    return flight;
  };
  const flightFor = (session: Session, issuer: LoginIssuer): Promise<Renewal> => {
    const key = keyOf(session);
    const running = flights.get(key);
    running?.urge();
    return (running ?? start(key, session, issuer, true)).renewal;
  };
  const startEarly = (session: Session, issuer: LoginIssuer): void => {
    const key = keyOf(session);
    if (isDraining || flights.has(key)) return;
    if (pauses.isPaused(issuer.config.name, session.refreshToken ?? '')) return;
    start(key, session, issuer, false);
  };

  const wait = async (session: Session, issuer: LoginIssuer): Promise<Renewal> => {
    const renewal = await withDeadline<Renewal>(flightFor(session, issuer), maxWait, clock, () => late);
    const isAlive = (session.tokensEndAt ?? Number.POSITIVE_INFINITY) > clock.now() / 1000;
    return renewal.kind === 'unavailable' && isAlive ? { kind: 'current' } : renewal;
  };

  const dueIn = (session: Session) => {
    const [recheck, now] = [sessions.recheck / 1000, clock.now() / 1000];
    const due = dueOf(session, recheck, now);
    return due === 'soon' && delay !== undefined
      ? dueOf(session, recheck, now, delayOf(session, delay))
      : due;
  };

  return {
    renew: (session, issuer) => {
      if (!sessions.refresh || session.refreshToken === undefined) return { kind: 'current' };
      const known = results.latest(session);
      if (known?.kind === 'ended') return known;
      const unchanged = known ?? ({ kind: 'current' } as const);
      const newest = known?.session ?? session;
      if (newest.refreshToken === undefined) return unchanged;
      const due = dueIn(newest);
      if (due === 'later') return unchanged;
      if (due === 'now')
        return wait(newest, issuer).then((renewal) => (renewal.kind === 'current' ? unchanged : renewal));
      startEarly(newest, issuer);
      return unchanged;
    },
    drain: async () => {
      isDraining = true;
      await Promise.all([...flights.values()].map(({ renewal }) => renewal));
    },
  };
}
