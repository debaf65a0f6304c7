/** The tokens of a session before and after a renewal. */
import type { Session } from '../session/session.ts';
import type { LoginProblem } from './login-client.ts';

/** Whether a session has other tokens than it had before. The clocks of two processes differ, so neither time says which is newer. */
export function isOther(session: Session, before: Session): boolean {
  return session.refreshToken !== before.refreshToken || session.renewedAt !== before.renewedAt;
}

/**
 * A session whose answer could not be verified: only its refresh token is new.
 *
 * @returns undefined if the old refresh token is still the newest
 */
export function keptSession(before: Session, { refreshToken }: LoginProblem): Session | undefined {
  return refreshToken === undefined || refreshToken === before.refreshToken
    ? undefined
    : { ...before, refreshToken };
}
