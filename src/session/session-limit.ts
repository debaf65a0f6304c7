/** Limits how many sessions of a person the store has. Otherwise one account could fill the store, and other people could not sign in. */
import type { RecordStore } from './record-store.ts';
import { removeEntries } from './removal.ts';
import type { Session } from './session.ts';
import type { SessionIndex } from './session-index.ts';

/** Maximum number of sessions of a person at an issuer. Beyond it, the oldest end. */
export const mostOfPerson = 1_000;

/** Ends the oldest sessions of the person of a session, if there are too many. Never rejects; the next login tries again. */
export type LimitSessions = (session: Session) => Promise<void>;

/** Creates the limit. */
export function createSessionLimit(parts: {
  readonly records: Pick<RecordStore, 'remove'>;
  readonly index: Pick<SessionIndex, 'entriesOf' | 'removeEntry'>;
}): LimitSessions {
  const { records, index } = parts;
  return async ({ issuer, subject }) => {
    try {
      const entries = await index.entriesOf({ issuer, subject }, Number.POSITIVE_INFINITY);
      // After a change of keys, a session has a name for each key.
      const byRecord = Map.groupBy(entries, ({ record }) => record);
      const surplus = [...byRecord.values()]
        .toSorted(([one], [other]) => (one?.startedAt ?? 0) - (other?.startedAt ?? 0))
        .slice(0, Math.max(0, byRecord.size - mostOfPerson));
      await removeEntries(surplus.flat(), records, index);
    } catch {
      // The store is away. It has at most a few sessions too many.
    }
  };
}
