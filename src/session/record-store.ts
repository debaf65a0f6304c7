/** Reads and writes the records of sessions in the store. Every function rejects only with a `StateError`. */
import type { Clock } from '../runtime/time/clock.ts';
import type { StateStore } from '../state/state-store.ts';
import { openRecord, recordNameOf, sealRecord, versionOf } from './record.ts';
import type { Session } from './session.ts';
import type { StoredMemory } from './stored-memory.ts';
import { confirm, createStoredSession, doubt, type StoredSession, takeVersion } from './stored-session.ts';

/** What the store has about a session. */
export type ReadRecord =
  | { readonly session: Session; readonly version: string; readonly bytes: number; readonly at: number }
  /** It has ended. */
  | 'absent'
  /** The record is not of this session. */
  | 'unreadable';

/** The records. */
export interface RecordStore {
  /** @param known what this process knows: a record that has not changed is not opened again */
  readonly read: (id: string, key: string, known: StoredSession | undefined) => Promise<ReadRecord>;
  /** The text of a record. It does not ask the store. */
  readonly seal: (session: KeyedSession) => Promise<string>;
  readonly create: (session: Session, record: string) => Promise<boolean>;
  /** Replaces a record. @returns false if the session has ended */
  readonly replace: (session: KeyedSession) => Promise<boolean>;
  /** Lets a session live on after a request. @returns false if it has ended */
  readonly extend: (session: Session) => Promise<boolean>;
  readonly remove: (name: string) => Promise<boolean>;
  /** What is left of the age of a session, in milliseconds. */
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
  const left = ({ startedAt }: Session) => startedAt * 1_000 + options.maxAge - clock.now();
  /** The life of a record is the idle time of its session. */
  const lifeOf = (session: Session) =>
    Math.max(1, Math.min(options.idleTimeout + precision, Math.ceil(left(session))));

  return {
    read: async (id, key, known) => {
      const at = clock.monotonic();
      const text = await state.get(recordNameOf(id));
      if (text === undefined) return 'absent';
      const version = versionOf(text);
      const session = known?.version === version ? known.session : await openRecord(text, id, key);
      return session === undefined ? 'unreadable' : { session, version, bytes: text.length, at };
    },
    seal: (session) => sealRecord(session, session.recordKey),
    create: (session, record) => state.set(recordNameOf(session.id), record, lifeOf(session), 'absent'),
    replace: async (session) => {
      const record = await sealRecord(session, session.recordKey);
      const isThere = await state.set(recordNameOf(session.id), record, lifeOf(session), 'present');
      const stored = memory.stored(session.id);
      if (stored !== undefined) {
        if (isThere) takeVersion(stored, session, versionOf(record), clock.monotonic());
        else doubt(stored, clock.monotonic());
      }
      return isThere;
    },
    extend: async (session) => {
      const at = clock.monotonic();
      const isThere = await state.extend(recordNameOf(session.id), lifeOf(session));
      const stored = memory.stored(session.id);
      if (stored !== undefined) {
        if (isThere) confirm(stored, at);
        else doubt(stored, clock.monotonic());
      }
      return isThere;
    },
    remove: state.remove,
    left,
  };
}

/** Notes what the store has about a session. @returns the knowledge that all its tickets share */
export function noteRead(
  memory: Pick<StoredMemory, 'stored'>,
  { session, version, at }: Exclude<ReadRecord, string>,
): StoredSession {
  const stored = memory.stored(session.id);
  if (stored === undefined) return createStoredSession(session, version, { confirmedAt: at, seenDueAt: at });
  takeVersion(stored, session, version, at);
  return stored;
}
