/** How long a session lives. Times are in seconds since the epoch. */
import type { Config } from '../config/declare/options.ts';
import { detailOf, duration } from '../config/values/detail-text.ts';
import type { StepDetail } from '../model/trace.ts';
import type { Session } from '../session/session.ts';
import type { SessionEnd } from './login-events.ts';

/** A minute, in seconds. The time of the last request has this precision. */
const minute = 60;

/** Rounds a time down to a minute. */
export function minuteOf(seconds: number): number {
  return Math.floor(seconds / minute) * minute;
}

/** Why a session has ended. */
export interface EndOfSession {
  readonly cause: Extract<SessionEnd, 'max_age' | 'idle' | 'tokens_ended'>;
  readonly detail: () => StepDetail;
}

/** The lifetimes. */
export interface SessionLifetime {
  /** When a session ends in any case. */
  readonly endsAt: (session: Session) => number;
  /** Whether the tokens of a session can be renewed. */
  readonly isRenewable: (session: Session) => boolean;
  /**
   * Why a session has ended, or undefined.
   *
   * @param seenAt the last request that is known
   * @param hasToken whether a token of the session is forwarded. It must not be forwarded after its end.
   */
  readonly endOf: (
    session: Session,
    seenAt: number,
    hasToken: boolean,
    now: number,
  ) => EndOfSession | undefined;
  /** Whether the time of the last request must be written again. */
  readonly isSeenDue: (seenAt: number, now: number) => boolean;
}

/** Creates the lifetimes. */
export function createSessionLifetime({
  maxAge,
  idleTimeout,
  refresh,
}: Pick<NonNullable<Config['sessions']>, 'maxAge' | 'idleTimeout' | 'refresh'>): SessionLifetime {
  const endsAt = ({ startedAt }: Session) => startedAt + maxAge / 1000;
  const isRenewable = ({ refreshToken }: Session) => refresh && refreshToken !== undefined;
  return {
    endsAt,
    isRenewable,
    endOf: (session, seenAt, hasToken, now) => {
      if (now >= endsAt(session))
        return {
          cause: 'max_age',
          detail: () =>
            ended(`began ${duration((now - session.startedAt) * 1000)} ago`, `at most ${duration(maxAge)}`, {
              option: 'sessions.maxAge',
            }),
        };
      // The last request was up to a minute later than it is noted.
      if (now >= seenAt + idleTimeout / 1000 + minute)
        return {
          cause: 'idle',
          detail: () =>
            ended(
              `had no request for ${duration((now - seenAt) * 1000)}`,
              `a request within ${duration(idleTimeout)}`,
              { option: 'sessions.idleTimeout' },
            ),
        };
      const { tokensEndAt } = session;
      if (hasToken && tokensEndAt !== undefined && now >= tokensEndAt && !isRenewable(session))
        return {
          cause: 'tokens_ended',
          detail: () =>
            ended(
              `has a token for the workload that ended ${duration((now - tokensEndAt) * 1000)} ago, and no refresh token`,
              'a token that is valid, or a refresh token',
              { option: 'sessions.refresh' },
            ),
        };
      return undefined;
    },
    isSeenDue: (seenAt, now) => now >= seenAt + minute,
  };
}

function ended(what: string, expected: string, { option }: { readonly option: string }): StepDetail {
  return detailOf(
    { step: 'session', subject: 'the age of the session', expected, found: what, option },
    `the session ${what}`,
  );
}
