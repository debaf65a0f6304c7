/** Locks in the store, so that one process of the fleet renews a session. */
import type { Clock } from '../runtime/time/clock.ts';
import { StateError, type StateStore } from '../state/state-store.ts';

/** A lock of this process. No function rejects. */
export interface HeldLock {
  /** Releases it, and never the lock of a later owner. */
  readonly release: () => Promise<void>;
  /** Lets it live from now on as long as at first. @returns whether the store did so, and it is still of this process */
  readonly extend: () => Promise<boolean>;
}

/**
 * Takes a lock.
 *
 * @param name of the lock in the store.
 * @param life in milliseconds. The lock ends after it.
 * @returns undefined if another process has it.
 * @throws StateError if the store does not answer
 */
export type Lock = (name: string, life: number) => Promise<HeldLock | undefined>;

/** The dependencies. */
export interface SessionLockDependencies {
  readonly state: Pick<StateStore, 'get' | 'set' | 'removeIf'>;
  readonly clock: Clock;
  /** Random bytes, base64url. */
  readonly randomText: (bytes: number) => string;
}

/** The length of the value that names the owner, in bytes. */
const ownerLength = 16;

/** The first pause before a release is tried again, in milliseconds. It doubles. */
const firstPause = 100;

/** Creates the locks. */
export function createSessionLock({ state, clock, randomText }: SessionLockDependencies): Lock {
  const release = async (name: string, owner: string, until: number, pause = firstPause): Promise<void> => {
    try {
      await state.removeIf(name, owner);
    } catch {
      // The lock may end before the store answers again.
      if (clock.monotonic() + pause < until)
        clock.after(pause, () => void release(name, owner, until, pause * 2));
    }
  };
  return async (name, life) => {
    const owner = randomText(ownerLength);
    let until = clock.monotonic() + life;
    try {
      if (!(await state.set(name, owner, life, 'absent'))) return undefined;
    } catch (error) {
      // A request that got no answer may still have taken the lock.
      if (error instanceof StateError && (error.failure === 'timeout' || error.failure === 'away'))
        await release(name, owner, until);
      throw error;
    }
    return {
      release: () => release(name, owner, until),
      extend: async () => {
        const asked = clock.monotonic();
        const found = await state.get(name, life).catch(() => undefined);
        if (found === owner) until = asked + life;
        return found === owner;
      },
    };
  };
}
