/** Removes the records of sessions that have ended from the store. */
import type { Clock } from '../runtime/time/clock.ts';
import { recordNameOf } from './record.ts';
import type { RecordStore } from './record-store.ts';
import type { Retries } from './retries.ts';
import type { Session } from './session.ts';
import type { IndexEntry, SessionIndex } from './session-index.ts';
import type { StoredMemory } from './stored-memory.ts';
import { doubt, type StoredSession } from './stored-session.ts';

/** The removals. No function throws, and no promise rejects. */
export interface Removals {
  /** Removes the record of a session. Resolves after the first attempt; one that fails is tried again in the background. */
  readonly remove: (session: Session) => Promise<void>;
  /**
   * Removes the record of a session that is found to have ended, once. The process that ended it may not have found the record: the
   * session was saved a moment later. Processes that start later do not know its end.
   */
  readonly removeFound: (stored: StoredSession) => void;
}

/** The most records that are removed at the same time. */
const atOnce = 32;

/**
 * Removes the sessions of some entries of the index, with the entries.
 *
 * @throws StateError if the store does not answer
 */
export async function removeEntries(
  entries: readonly IndexEntry[],
  records: Pick<RecordStore, 'remove'>,
  index: Pick<SessionIndex, 'removeEntry'>,
): Promise<void> {
  for (let from = 0; from < entries.length; from += atOnce)
    await Promise.all(
      entries.slice(from, from + atOnce).map(async (entry) => {
        await records.remove(entry.record);
        await index.removeEntry(entry);
      }),
    );
}

/** Creates the removals. */
export function createRemovals(parts: {
  readonly records: Pick<RecordStore, 'remove' | 'left'>;
  readonly index: Pick<SessionIndex, 'remove'>;
  readonly memory: Pick<StoredMemory, 'stored'>;
  readonly retries: Retries;
  readonly clock: Pick<Clock, 'monotonic'>;
}): Removals {
  const { records, index, memory, retries, clock } = parts;
  const remove = async (session: Session): Promise<void> => {
    const name = recordNameOf(session.id);
    const run = () => Promise.all([records.remove(name), index.remove(session)]);
    const stored = memory.stored(session.id);
    if (stored !== undefined) {
      stored.isRemoved = true;
      doubt(stored, clock.monotonic());
    }
    const life = records.left(session);
    retries.repeat(name, run, life);
    await run().catch(() => retries.add(name, run, life));
  };
  return {
    remove,
    removeFound: (stored) => {
      if (stored.isRemoved) return;
      stored.isRemoved = true;
      void remove(stored.session);
    },
  };
}
