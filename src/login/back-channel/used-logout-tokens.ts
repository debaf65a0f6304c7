/** Lets a logout token count once: in this process, and in the fleet if the store answers. */

import { hash } from 'node:crypto';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateStore } from '../../state/state-store.ts';

/** Marks a token as used. @returns whether it is new. Never rejects. */
export type UseLogoutToken = (issuer: string, id: string, life: number) => Promise<boolean>;

/** The most tokens in memory. Each needs some 150 bytes. */
const most = 10_000;

/** Creates the memory. */
export function createUseLogoutToken(
  state: Pick<StateStore, 'set'> | undefined,
  clock: Clock,
): UseLogoutToken {
  const used = new Map<string, number>();
  return async (issuer, id, life) => {
    const name = hash('sha256', JSON.stringify([issuer, id]), 'base64url');
    const now = clock.monotonic();
    forgetOldest(used, most, (until) => until <= now);
    if (used.has(name)) return false;
    used.set(name, now + life);
    try {
      return (await state?.set(`logout-token:${name}`, '1', life, 'absent')) ?? true;
    } catch {
      // A session that ends twice does no harm, and one that does not end does.
      return true;
    }
  };
}
