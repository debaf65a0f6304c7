/** Pauses of renewals after failures, so that an issuer that fails is not asked at every request. */
import { forgetOldest } from '../runtime/forget-oldest.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** The pauses. */
export interface RefreshPauses {
  /** Whether a session, or every session of its issuer, waits. */
  readonly isPaused: (issuer: string, refreshToken: string) => boolean;
  /** @param isOfSession whether the issuer answered, so that only this session waits */
  readonly failed: (issuer: string, refreshToken: string, isOfSession: boolean) => void;
  readonly answered: (issuer: string, refreshToken: string) => void;
}

/** The result of a renewal during a pause. */
export const paused = {
  kind: 'unavailable',
  detail: 'the last renewal of the tokens failed just now',
} as const;

/** The pause of a session after a failure, in milliseconds. */
const sessionPause = 10_000;

/** The pause of all sessions of an issuer after some failures in a row, in milliseconds. */
const issuerPause = 5_000;

/** The number of those failures. */
const failuresInARow = 3;

/** Maximum number of sessions whose pause is kept. */
const mostSessions = 10_000;

/** Creates the pauses. */
export function createRefreshPauses(clock: Clock): RefreshPauses {
  const sessions = new Map<string, number>();
  const issuers = new Map<string, { readonly failures: number; readonly until: number }>();
  return {
    isPaused: (issuer, refreshToken) => {
      const now = clock.monotonic();
      return now < (sessions.get(refreshToken) ?? 0) || now < (issuers.get(issuer)?.until ?? 0);
    },
    failed: (issuer, refreshToken, isOfSession) => {
      const now = clock.monotonic();
      sessions.delete(refreshToken);
      sessions.set(refreshToken, now + sessionPause);
      forgetOldest(sessions, mostSessions, (until) => until <= now);
      // One person whose account is blocked must not stop the renewals of all others.
      if (isOfSession) {
        issuers.delete(issuer);
        return;
      }
      const failures = (issuers.get(issuer)?.failures ?? 0) + 1;
      issuers.set(issuer, { failures, until: failures < failuresInARow ? 0 : now + issuerPause });
    },
    answered: (issuer, refreshToken) => {
      sessions.delete(refreshToken);
      issuers.delete(issuer);
    },
  };
}
