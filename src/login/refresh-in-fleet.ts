/**
 * Renews the tokens of sessions that several processes share. Most issuers accept a refresh token once, and end the whole session at the
 * second use (RFC 9700 section 4.14.2). So one process of the fleet renews a session under a lock, and the others read its result.
 */
import { sleep } from '../runtime/time/deadline.ts';
import type { Session } from '../session/session.ts';
import { StateError } from '../state/state-store.ts';
import type { LoginIssuer } from './login-issuer.ts';
import { type FleetRenewalDependencies, type Renewals, shortestMemory } from './refresh.ts';
import { createLateWrites } from './refresh-late-writes.ts';
import { createRefreshLines, noPlace } from './refresh-line.ts';
import { createLook } from './refresh-look.ts';
import { createRefreshPauses, paused } from './refresh-pauses.ts';
import { createRefreshRequests, type Fly } from './refresh-requests.ts';
import { createRefreshResults, type RefreshResults } from './refresh-results.ts';
import { createSettling } from './refresh-settling.ts';
import { createRenewLocked, lockLifeFor, lockReserve } from './refresh-under-lock.ts';

/** The pauses between two looks at a session that another process renews, in milliseconds. They double. */
const looks = { first: 50, longest: 400 } as const;

const busy = {
  kind: 'unavailable',
  detail: 'another process renews the session, and does not finish',
} as const;

/** Creates the renewal of shared sessions. */
export function createFleetRenewals(dependencies: FleetRenewalDependencies): Renewals {
  const { sessions, maxWait, clock, events, shared, random } = dependencies;
  const remembered = createRefreshResults(shortestMemory, clock);
  const pauses = createRefreshPauses(clock);
  const lines = createRefreshLines(maxWait, clock);
  const lateWrites = createLateWrites({ shared, clock, random, life: sessions.idleTimeout });
  const results: RefreshResults = {
    ...remembered,
    // The oldest of many results are forgotten. Those that the store does not have must not be.
    latest: (session) => remembered.latest(session) ?? lateWrites.latest(session),
  };
  const isSettled = createSettling(shared, clock);
  const look = createLook({ ...dependencies, results });
  const renewLocked = createRenewLocked({ ...dependencies, results, pauses, lateWrites, look });
  // A process that was killed while it had the lock must not stop the others for longer.
  const patience = lockLifeFor(dependencies) + lockReserve;

  /** @returns undefined if another process renews the session, or may still write its new tokens */
  const tryOnce = async (asked: Session, issuer: LoginIssuer, isUrgent: () => boolean) => {
    const { name } = issuer.config;
    const seen = await look(asked, name);
    if ('done' in seen) return seen.done;
    if (!isSettled()) return undefined;
    if (pauses.isPaused(name, seen.before.refreshToken ?? '')) return paused;
    const place = await lines.enter(name, isUrgent());
    if (place === undefined) return noPlace;
    try {
      return await renewLocked(asked, issuer, place);
    } finally {
      place.leave();
    }
  };
  const fly: Fly = async (asked, issuer, isUrgent) => {
    const until = clock.monotonic() + patience;
    try {
      for (let pause: number = looks.first; ; pause = Math.min(pause * 2, looks.longest)) {
        const renewal = await tryOnce(asked, issuer, isUrgent);
        if (renewal !== undefined) return renewal;
        if (clock.monotonic() >= until) return busy;
        await sleep(pause * (0.5 + random()), clock);
      }
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      events.refreshed(issuer.config.name, 'store_unavailable', error.message);
      return { kind: 'unavailable', detail: error.message, isStore: true };
    }
  };

  const keyOf = ({ id }: Session) => id;
  const requests = createRefreshRequests({
    ...{ sessions, maxWait, clock, delay: random(), results, pauses, keyOf, fly },
  });
  return {
    renew: requests.renew,
    newestOf: async (session) => {
      // Without the store, this process can still know newer tokens.
      const found = await shared()
        .reread(session)
        .catch(() => undefined);
      const stored = found ?? session;
      const known = results.latest(stored);
      return known?.kind === 'renewed' ? known.session : stored;
    },
    waiting: lateWrites.waiting,
    drain: async () => {
      await requests.drain();
      await lateWrites.flush();
    },
  };
}
