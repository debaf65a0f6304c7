/** Looks into the store before and after a renewal: another process may have renewed or ended the session. */
import type { Session } from '../session/session.ts';
import type { FleetRenewalDependencies, Renewal } from './refresh.ts';
import { dueOf } from './refresh-due.ts';
import type { RefreshResults } from './refresh-results.ts';
import { isOther } from './refresh-tokens.ts';

/** The answer of the store about a session. */
export type Seen =
  /** Nothing is left to do. */
  | { readonly done: Renewal }
  /** This session is to be renewed. */
  | {
      readonly before: Session;
      /** Whether the store has an older one: a write waits, or a server failed over to a replica that was behind. */
      readonly isBehind: boolean;
    };

/**
 * Looks for a session.
 *
 * @param asked the session of the request
 * @param issuer the name of its issuer
 * @throws StateError if the store does not answer
 */
export type Look = (asked: Session, issuer: string) => Promise<Seen>;

/** The result for a session that is no longer in the store. */
export const endedElsewhere = {
  kind: 'ended',
  detail: 'the session was ended elsewhere',
  isElsewhere: true,
} as const;

/** Creates the look. */
export function createLook({
  sessions,
  clock,
  events,
  shared,
  results,
}: Pick<FleetRenewalDependencies, 'sessions' | 'clock' | 'events' | 'shared'> & {
  readonly results: RefreshResults;
}): Look {
  return async (asked, issuer) => {
    const stored = await shared().reread(asked);
    if (stored === undefined) {
      results.remember(asked, endedElsewhere);
      return { done: endedElsewhere };
    }
    const known = results.latest(stored);
    if (known?.kind === 'ended') return { done: known };
    const newest = known?.session ?? stored;
    const toRenew = { before: newest, isBehind: known !== undefined };
    const due = dueOf(newest, sessions.recheck / 1000, clock.now() / 1000);
    if (!isOther(newest, asked)) return due === 'later' ? { done: { kind: 'current' } } : toRenew;
    if (due === 'now') return toRenew;
    const done = { kind: 'renewed', session: newest } as const;
    if (known === undefined) {
      results.remember(asked, done);
      events.refreshed(issuer, 'elsewhere', undefined);
    }
    return { done };
  };
}
