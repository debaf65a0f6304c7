/** Reads and writes the records of sessions in the store. Every function rejects only with a `StateError`. */
import type { Clock } from '../runtime/time/clock.ts';
import type { StateStore } from '../state/state-store.ts';
import { openRecord, recordNameOf, sealRecord, versionOf } from './record.ts';
import type { Session } from './session.ts';
import type { StoredMemory } from './stored-memory.ts';
import {
  confirm,
  createStoredSession,
  doubt,
  type StoredSession,
  seenInterval,
  takeVersion,
} from './stored-session.ts';

/** The answer of the store about a session. */
export type ReadRecord =
  | {
      readonly session: Session;
      readonly version: string;
      readonly bytes: number;
      /** When the store was asked, in milliseconds of the monotonic clock. */
      readonly at: number;
      /** When the store must learn about the next request. */
      readonly seenDueAt: number;
    }
  /** It has ended. */
  | 'absent'
  /** The record is not of this session. */
  | 'unreadable';

/** The records. */
export interface RecordStore {
  /**
   * Reads a record.
   *
   * @param known what this process knows: a record that has not changed is not opened again
   * @param isSeen whether it lives on, because a request uses it
   */
  readonly read: (
    id: string,
    key: string,
    known: StoredSession | undefined,
    isSeen: boolean,
  ) => Promise<ReadRecord>;
  /** The text of a record. It does not ask the store. */
  readonly seal: (session: KeyedSession) => Promise<string>;
  readonly create: (session: Session, record: string) => Promise<boolean>;
  /** Replaces a record. @returns false if the session has ended */
  readonly replace: (session: KeyedSession) => Promise<boolean>;
  /** Lets a session live on after a request. @returns false if it has ended */
  readonly extend: (session: Session) => Promise<boolean>;
  readonly remove: (name: string) => Promise<boolean>;
  /** The time that is left until the maximum age of a session, in milliseconds. */
  readonly left: (session: Session) => number;
}

/** A session with the key of its record. */
export type KeyedSession = Session & { readonly recordKey: string };

/** Whether a session has the key of its record: the store has it. */
export function isKeyed(session: Session): session is KeyedSession {
  return session.recordKey !== undefined;
}

/** The dependencies. */
export interface RecordStoreDependencies {
  /** In milliseconds. */
  readonly options: { readonly maxAge: number; readonly idleTimeout: number };
  readonly state: StateStore;
  readonly memory: Pick<StoredMemory, 'stored'>;
  readonly clock: Clock;
}

/** The store learns about requests with this precision, in milliseconds. */
const precision = 60_000;

/** Creates the access to the records. */
export function createRecordStore({ options, state, memory, clock }: RecordStoreDependencies): RecordStore {
  /** The life of a record is the idle time. It does not depend on the wall clock, which can jump; the age of a session is judged later. */
  const life = Math.min(options.idleTimeout, options.maxAge) + precision;

  return {
    read: async (id, key, known, isSeen) => {
      const at = clock.monotonic();
      const text = await state.get(recordNameOf(id), isSeen ? life : undefined);
      if (text === undefined) return 'absent';
      const version = versionOf(text);
      const session = known?.version === version ? known.session : await openRecord(text, id, key);
      const seenDueAt = isSeen ? at + seenInterval : at;
      return session === undefined ? 'unreadable' : { session, version, bytes: text.length, at, seenDueAt };
    },
    seal: (session) => sealRecord(session, session.recordKey),
    create: (session, record) => state.set(recordNameOf(session.id), record, life, 'absent'),
    replace: async (session) => {
      const record = await sealRecord(session, session.recordKey);
      const isThere = await state.set(recordNameOf(session.id), record, life, 'present');
      const stored = memory.stored(session.id);
      if (stored !== undefined) {
        if (isThere) takeVersion(stored, session, versionOf(record), clock.monotonic());
        else doubt(stored, clock.monotonic());
      }
      return isThere;
    },
    extend: async (session) => {
      const at = clock.monotonic();
      const isThere = await state.extend(recordNameOf(session.id), life);
      const stored = memory.stored(session.id);
      if (stored !== undefined) {
        if (isThere) confirm(stored, at);
        else doubt(stored, clock.monotonic());
      }
      return isThere;
    },
    remove: state.remove,
    left: ({ startedAt }) => startedAt * 1_000 + options.maxAge - clock.now(),
  };
}

/** Notes what the store has about a session. @returns the knowledge that all its tickets share */
export function noteRead(
  memory: Pick<StoredMemory, 'stored'>,
  { session, version, at, seenDueAt }: Exclude<ReadRecord, string>,
): StoredSession {
  const stored = memory.stored(session.id);
  if (stored === undefined) return createStoredSession(session, version, { confirmedAt: at, seenDueAt });
  takeVersion(stored, session, version, at);
  stored.seenDueAt = Math.max(stored.seenDueAt, seenDueAt);
  return stored;
}
