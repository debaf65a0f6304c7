/** One renewal of a shared session, by the process that has its lock. */
import type { Session } from '../session/session.ts';
import type { HeldLock } from '../session/session-lock.ts';
import { StateError } from '../state/state-store.ts';
import { isLoginProblem } from './login-client.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { FleetRenewalDependencies, Renewal } from './refresh.ts';
import type { LateWrites } from './refresh-late-writes.ts';
import type { Place } from './refresh-line.ts';
import { endedElsewhere, type Look } from './refresh-look.ts';
import { paused, type RefreshPauses } from './refresh-pauses.ts';
import type { RefreshResults } from './refresh-results.ts';
import { isOther, keptSession } from './refresh-tokens.ts';

/** The dependencies. */
export interface RenewLockedDependencies extends FleetRenewalDependencies {
  readonly results: RefreshResults;
  readonly pauses: RefreshPauses;
  readonly lateWrites: LateWrites;
  readonly look: Look;
}

/**
 * Takes the lock and renews a session.
 *
 * @returns undefined if another process has the lock, or may have it
 * @throws StateError if the store does not answer before the tokens are new
 */
export type RenewLocked = (asked: Session, issuer: LoginIssuer, place: Place) => Promise<Renewal | undefined>;

/** The time of a lock in addition to the calls of the issuer, for operations of the store, in milliseconds. */
export const lockReserve = 2_000;

/** The part of it that is left when the refresh token is sent. */
const reserveForWrite = 500;

/** How long a lock lives. The issuer has its time to answer, and again to send the keys with which its answer is verified. */
export function lockLifeFor({ maxWait }: Pick<FleetRenewalDependencies, 'maxWait'>): number {
  return 2 * maxWait + lockReserve;
}

/** Creates the renewal under the lock. */
export function createRenewLocked(dependencies: RenewLockedDependencies): RenewLocked {
  const { clock, events, renewed, shared, end, revoke, results, pauses, lateWrites, look } = dependencies;
  const lockLife = lockLifeFor(dependencies);

  /** @returns the result, and whether the lock stays, because the store did not take the new tokens yet */
  const save = async (before: Session, next: Session, issuer: LoginIssuer, lock: HeldLock) => {
    const renewal: Renewal = { kind: 'renewed', session: next };
    results.remember(before, renewal);
    const onEnded = () => {
      // Nothing uses the new tokens: the session was ended while the issuer answered.
      if (next.refreshToken !== undefined) revoke(issuer, next.refreshToken);
      results.remember(before, endedElsewhere);
    };
    const saved = { before, next, onEnded };
    try {
      if (await shared().rewrite(next)) {
        lateWrites.written(saved);
        return { renewal, isLockKept: false };
      }
      onEnded();
      return { renewal: endedElsewhere, isLockKept: false };
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      events.refreshed(issuer.config.name, 'store_unavailable', error.message);
      lateWrites.add(saved, lock);
      return { renewal, isLockKept: true };
    }
  };

  /** The issuer rejects the refresh token. Another process may have used it, if the store lost a lock. */
  const afterRejection = async (before: Session, issuer: string, detail: string) => {
    const seen = await look(before, issuer);
    if ('done' in seen && seen.done.kind !== 'current') return seen.done;
    if ('before' in seen && isOther(seen.before, before)) return undefined;
    const renewal = { kind: 'ended', detail } as const;
    results.remember(before, renewal);
    events.refreshed(issuer, 'rejected', detail);
    events.sessionEnded(issuer, 'refresh_rejected');
    await end(before);
    return renewal;
  };

  return async (asked, issuer, place) => {
    const { name } = issuer.config;
    const lockedAt = clock.monotonic();
    const lock = await shared().lock(asked, lockLife);
    if (lock === undefined) return undefined;
    let isLockKept = false;
    try {
      const seen = await look(asked, name);
      if ('done' in seen) return seen.done;
      const { before, isBehind } = seen;
      if (isBehind && !(await shared().rewrite(before))) return endedElsewhere;
      const { refreshToken, claims, issuer: iss, subject: sub } = before;
      if (refreshToken === undefined) return { kind: 'renewed', session: before };
      if (pauses.isPaused(name, refreshToken)) return paused;
      // A process that was stopped for a while may have lost the lock.
      if (clock.monotonic() - lockedAt > lockReserve - reserveForWrite) return undefined;
      const answer = await issuer.client.refresh(refreshToken, { ...claims, iss, sub });
      if (isLoginProblem(answer) && answer.kind === 'unavailable') {
        const { kind, detail, isOfSession = false } = answer;
        const kept = keptSession(before, answer);
        if (isOfSession) place.answered();
        else place.failed();
        place.leave();
        pauses.failed(name, kept?.refreshToken ?? refreshToken, isOfSession);
        events.refreshed(name, 'unavailable', detail);
        if (kept !== undefined) ({ isLockKept } = await save(before, kept, issuer, lock));
        return { kind, detail };
      }
      place.answered();
      place.leave();
      pauses.answered(name, refreshToken);
      if (isLoginProblem(answer)) return await afterRejection(before, name, answer.detail);
      events.refreshed(name, 'success', undefined);
      const saved = await save(before, renewed(before, answer), issuer, lock);
      isLockKept = saved.isLockKept;
      return saved.renewal;
    } finally {
      if (!isLockKept) await lock.release();
    }
  };
}
