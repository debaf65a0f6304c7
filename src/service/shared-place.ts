/** Sessions in the store, for one process. Loaded only if sessions are there. */
import type { Clock } from '../runtime/time/clock.ts';
import type { EndedSessions } from '../session/ended-sessions.ts';
import { createStoredSessions, type StoredSessionsDependencies } from '../session/in-store.ts';
import { createRetries } from '../session/retries.ts';
import { createSessionLock } from '../session/session-lock.ts';
import type { SessionMemoryLimits } from '../session/session-memory.ts';
import type { SessionStore } from '../session/session-store.ts';
import { createStoredMemory, type StoredMemory } from '../session/stored-memory.ts';
import type { StateStore } from '../state/state-store.ts';

/** The place. Its cache and its retries outlive a change of the configuration. */
export interface SharedPlace {
  readonly storeFor: (
    of: Pick<StoredSessionsDependencies, 'options' | 'names' | 'seal' | 'maxOpenings' | 'clock'>,
    limits: SessionMemoryLimits,
    ended: EndedSessions,
  ) => SessionStore;
  /** The number of cached sessions. */
  readonly size: () => number;
  /** The number of removals that wait for the store. */
  readonly waiting: () => number;
}

/** Creates the place. @param randomText random bytes, base64url */
export function createSharedPlace(
  state: StateStore,
  { clock, randomText }: { readonly clock: Clock; readonly randomText: (bytes: number) => string },
): SharedPlace {
  const retries = createRetries(clock);
  const lock = createSessionLock({ state, clock, randomText });
  let cached: { readonly options: string; readonly memory: StoredMemory } | undefined;
  const memoryWith = ({ maxEntries, maxBytes }: SessionMemoryLimits): StoredMemory => {
    const options = JSON.stringify([maxEntries, maxBytes]);
    if (cached?.options !== options)
      cached = { options, memory: createStoredMemory({ maxEntries, maxBytes }) };
    return cached.memory;
  };
  return {
    storeFor: (of, limits, ended) =>
      createStoredSessions({ ...of, state, memory: memoryWith(limits), ended, lock, retries, randomText }),
    size: () => cached?.memory.size() ?? 0,
    waiting: retries.size,
  };
}
