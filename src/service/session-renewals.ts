/** The renewals of a process. They outlive a change of the configuration. The code for shared sessions is loaded only if there are some. */
import type { Config } from '../config/declare/options.ts';
import { issuerTime } from '../config/login/login-time.ts';
import { sessionsAreShared } from '../config/session/session-place.ts';
import type { LoginEvents } from '../login/login-events.ts';
import type { RenewalDependencies, Renewals } from '../login/refresh.ts';
import type { createFleetRenewals } from '../login/refresh-in-fleet.ts';
import { createRenewals } from '../login/refresh-in-process.ts';
import { createRevoke } from '../login/revocations.ts';
import type { SessionMaker } from '../login/session-of-tokens.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { withDeadline } from '../runtime/time/deadline.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { WithSessions } from './session-places.ts';

/** The parts of the current configuration that renewals use. */
export interface RenewalParts {
  readonly store: SessionStore;
  readonly maker: Pick<SessionMaker, 'renewed'>;
  readonly events: LoginEvents;
}

/** The renewals. */
export interface SessionRenewals {
  /** Loads the code that a configuration needs; undefined if it is loaded. Call it before `renewalsFor`. */
  readonly prepare: (config: Config) => Promise<void> | undefined;
  readonly renewalsFor: (config: WithSessions, parts: RenewalParts) => Renewals;
  /** The number of sessions whose new tokens wait for the store. */
  readonly waiting: () => number;
  /** Lets renewals under way end, at most for a time in milliseconds. Their tokens would be lost with the process. */
  readonly drain: (longest: number) => Promise<void>;
}

/** The most revocations that run at the same time. */
const maxRevocations = 64;

/** Creates the renewals. @param random returns a number from 0 to 1 */
export function createSessionRenewals(clock: Clock, random: () => number): SessionRenewals {
  let createFleet: typeof createFleetRenewals | undefined;
  let current: RenewalParts | undefined;
  // New tokens can still wait for the store when a reload has moved the sessions away from it.
  let lastShared: SessionStore | undefined;
  let made: { readonly options: string; readonly renewals: Renewals } | undefined;

  const parts = (): RenewalParts => {
    if (current === undefined) throw new TypeError('a session is renewed without a configuration');
    return current;
  };
  const events: Pick<LoginEvents, 'refreshed' | 'sessionEnded' | 'revocationFailed'> = {
    refreshed: (...event) => parts().events.refreshed(...event),
    sessionEnded: (...event) => parts().events.sessionEnded(...event),
    revocationFailed: (...event) => parts().events.revocationFailed(...event),
  };
  const create = (dependencies: RenewalDependencies, isShared: boolean): Renewals => {
    if (!isShared) return createRenewals(dependencies);
    if (createFleet === undefined) throw new TypeError('the code for shared sessions is not loaded');
    return createFleet({
      ...dependencies,
      shared: () => {
        if (lastShared?.shared === undefined) throw new TypeError('the sessions are not shared');
        return lastShared.shared;
      },
      end: async (session) => lastShared?.end(session),
      revoke: createRevoke(maxRevocations, events),
      random,
    });
  };

  return {
    prepare: (config) =>
      !sessionsAreShared(config) || createFleet !== undefined
        ? undefined
        : import('../login/refresh-in-fleet.ts').then((loaded) => {
            createFleet = loaded.createFleetRenewals;
          }),
    renewalsFor: (config, next) => {
      const { sessions, limits } = config;
      const { refresh, recheck, idleTimeout } = sessions;
      const maxWait = issuerTime(limits);
      const isShared = next.store.shared !== undefined;
      current = next;
      if (isShared) lastShared = next.store;
      const options = JSON.stringify([isShared, refresh, recheck, idleTimeout, maxWait]);
      // With new ones, a refresh token whose result is not yet with the browser would be used a second time.
      if (made?.options !== options) {
        const renewed: RenewalDependencies['renewed'] = (session, tokens) =>
          parts().maker.renewed(session, tokens);
        made = { options, renewals: create({ sessions, maxWait, clock, events, renewed }, isShared) };
      }
      return made.renewals;
    },
    waiting: () => made?.renewals.waiting() ?? 0,
    drain: async (longest) => {
      if (made !== undefined) await withDeadline(made.renewals.drain(), longest, clock, () => undefined);
    },
  };
}
