/** The functions of a fleet that renew, hand over and end sessions of the store. */
import type { Clock } from '../runtime/time/clock.ts';
import { StateError, type StateStore } from '../state/state-store.ts';
import { lockNameOf, recordKeyLength } from './record.ts';
import { isKeyed, noteRead, type RecordStore } from './record-store.ts';
import { removeEntries } from './removal.ts';
import type { Retries } from './retries.ts';
import type { Session } from './session.ts';
import type { IndexEntry, SessionIndex } from './session-index.ts';
import type { Lock } from './session-lock.ts';
import type { Whose } from './session-names.ts';
import type { SharedSessions } from './session-store.ts';
import type { StoredMemory } from './stored-memory.ts';
import { doubt } from './stored-session.ts';

/** The dependencies. */
export interface SharedSessionsDependencies {
  readonly options: { readonly maxAge: number };
  readonly state: Pick<StateStore, 'status'>;
  readonly records: RecordStore;
  readonly index: SessionIndex;
  readonly memory: Pick<StoredMemory, 'stored'>;
  readonly lock: Lock;
  readonly retries: Retries;
  readonly clock: Clock;
}

/** The functions, and what back-channel logout needs. */
export interface StoredShared {
  readonly shared: SharedSessions;
  /**
   * Removes the records of a `sid` or a person. A removal that fails is tried again in the background. Never rejects.
   *
   * @returns whether all are removed
   */
  readonly removeOf: (whose: Whose) => Promise<boolean>;
}

/** A session of another process can have begun a little later by its clock, in seconds. */
const tolerance = 2;

/** Creates the functions. */
export function createSharedSessions(dependencies: SharedSessionsDependencies): StoredShared {
  const { options, state, records, index, memory, lock, retries, clock } = dependencies;

  /** Reads a session past the cache, and notes what the store has. */
  const read = async (id: string, key: string): Promise<Session | undefined> => {
    const known = memory.stored(id);
    const found = await records.read(id, key, known, false);
    if (typeof found !== 'string') return noteRead(memory, found).session;
    if (known !== undefined) doubt(known, clock.monotonic());
    return undefined;
  };

  const removeAll = (entries: readonly IndexEntry[]) => removeEntries(entries, records, index);

  /** @returns the records that it has removed */
  const removeOf = async (whose: Whose, before: number): Promise<readonly IndexEntry[]> => {
    const entries = await index.entriesOf(whose, before);
    await removeAll(entries);
    return entries;
  };

  return {
    shared: {
      reread: async ({ id, recordKey }) => (recordKey === undefined ? undefined : read(id, recordKey)),
      rewrite: async (session) => (isKeyed(session) ? records.replace(session) : false),
      lock: (session, life) => lock(lockNameOf(session.id), life),
      connectedAt: () => {
        const { state: now, since } = state.status();
        return now === 'ready' ? since : undefined;
      },
      referenceOf: ({ id, recordKey = '' }) => ({ id, key: recordKey }),
      resume: async (value) => {
        const reference = readReference(value);
        return reference === undefined ? undefined : read(reference.id, reference.key);
      },
    },
    removeOf: async (whose) => {
      const before = Math.floor(clock.now() / 1_000) + tolerance;
      const name = `sessions of ${JSON.stringify(whose)}`;
      let removed: readonly IndexEntry[] = [];
      const remove = async () => {
        removed = await removeOf(whose, before);
      };
      // A fail-over can bring records back, and a session can be saved by a process that does not know its end yet.
      const removeAgain = () => Promise.all([removeOf(whose, before), removeAll(removed)]);
      retries.repeat(name, removeAgain, options.maxAge);
      try {
        await remove();
        return true;
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        retries.add(name, remove, options.maxAge);
        return false;
      }
    },
  };
}

function readReference(value: unknown): { readonly id: string; readonly key: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, key } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || id === '' || typeof key !== 'string') return undefined;
  return Buffer.from(key, 'base64url').length === recordKeyLength ? { id, key } : undefined;
}
