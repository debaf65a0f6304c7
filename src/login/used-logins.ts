/** Keeps the logins that this process has finished in mind, so that each answer of an issuer is used once. */
import { forgetOldest } from '../runtime/forget-oldest.ts';
import type { Clock } from '../runtime/time/clock.ts';

/** The logins that began to finish. */
export interface UsedLogins<T> {
  /**
   * Finishes a login once. Who comes while it runs gets the same result, such as a browser that loads the callback twice.
   *
   * @returns undefined if it was finished before
   */
  readonly finishOnce: (state: string, finish: () => Promise<T>) => Promise<T> | undefined;
  /** Forgets a login that did not use its code. */
  readonly forget: (state: string) => void;
}

interface Use<T> {
  readonly endsAt: number;
  result: Promise<T> | undefined;
}

/**
 * Creates an empty memory.
 *
 * @param lifetime how long a login is kept in mind, in milliseconds: as long as its cookie counts
 * @param most the most logins; the oldest is forgotten first
 */
export function createUsedLogins<T>(
  lifetime: number,
  most: number,
  clock: Pick<Clock, 'monotonic'>,
): UsedLogins<T> {
  const uses = new Map<string, Use<T>>();
  return {
    finishOnce: (state, finish) => {
      const now = clock.monotonic();
      forgetOldest(uses, most - 1, ({ endsAt }) => endsAt <= now);
      const before = uses.get(state);
      if (before !== undefined) return before.result;
      const use: Use<T> = { endsAt: now + lifetime, result: undefined };
      uses.set(state, use);
      use.result = finish().finally(() => {
        use.result = undefined;
      });
      return use.result;
    },
    forget: (state) => void uses.delete(state),
  };
}
