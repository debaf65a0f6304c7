/** Makes sure that a grant counts once: in this process, and in every process that has the same store. */
import { hash } from 'node:crypto';
import type { Decision } from '../../model/decision.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { StateError, type StateStore } from '../../state/state-store.ts';
import { createUsedLogins } from '../used-logins.ts';
import { type Grant, grantTime, maxSkew } from './grants.ts';

/** The grants that were used. */
export interface UsedGrants {
  /**
   * Uses a grant once. Who comes while it runs gets the same result.
   *
   * @returns undefined if it was used before
   */
  readonly useOnce: (grant: Grant, use: () => Promise<Decision>) => Promise<Decision | undefined>;
}

/** The most used grants in memory; the oldest is forgotten first. */
const mostUsed = 10_000;

/** How long a used grant is kept in mind, in milliseconds: until every clock says that it has expired. */
const lifetime = 2 * (grantTime + maxSkew);

/**
 * Creates an empty memory. While the store is away, the process counts alone: a grant also needs the login cookie of its browser.
 *
 * @param state undefined without a store
 */
export function createUsedGrants(clock: Pick<Clock, 'monotonic'>, state: StateStore | undefined): UsedGrants {
  const used = createUsedLogins<Decision | undefined>(lifetime, mostUsed, clock);
  const isFirst = async (id: string): Promise<boolean> => {
    if (state === undefined) return true;
    try {
      return await state.set(`grant:${hash('sha256', id, 'base64url')}`, '1', lifetime, 'absent');
    } catch (cause) {
      if (cause instanceof StateError) return true;
      throw cause;
    }
  };
  return {
    useOnce: async ({ id }, use) =>
      used.finishOnce(id, async () => ((await isFirst(id)) ? use() : undefined)),
  };
}
