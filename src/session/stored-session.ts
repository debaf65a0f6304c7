/** A session of the store, as this process knows it. */
import type { Endable } from './ended-sessions.ts';
import type { Session } from './session.ts';
import type { DerivedFacts } from './session-store.ts';

/** A session that this process has read. All its tickets share it. Times are in milliseconds of the monotonic clock. */
export interface StoredSession extends Endable {
  session: Session;
  derived: DerivedFacts;
  /** Tells the versions of the record apart. */
  version: string;
  /** When the store last had the record, for certain. */
  confirmedAt: number;
  /** When this process last took this version. An older answer of the store does not replace it. */
  changedAt: number;
  /** When the store must learn about the next request. */
  seenDueAt: number;
  /** Whether this process has removed its record, because it has ended. */
  isRemoved: boolean;
  /** The number of its tickets in the memory. */
  tickets: number;
}

/** The longest time between two requests that the store learns about, in milliseconds. */
export const seenInterval = 60_000;

/** Creates the knowledge about a session. @param confirmedAt when the store had it */
export function createStoredSession(
  session: Session,
  version: string,
  { confirmedAt, seenDueAt }: Pick<StoredSession, 'confirmedAt' | 'seenDueAt'>,
): StoredSession {
  return {
    session,
    derived: { owner: undefined, facts: undefined },
    endedMark: undefined,
    version,
    confirmedAt,
    changedAt: confirmedAt,
    seenDueAt,
    isRemoved: false,
    tickets: 0,
  };
}

/**
 * Takes what the store has, or got.
 *
 * @param at when the store had it for certain: when it was asked, or when it had answered a change of this process
 */
export function takeVersion(stored: StoredSession, session: Session, version: string, at: number): void {
  if (at < stored.changedAt) return;
  stored.changedAt = at;
  stored.confirmedAt = at;
  if (stored.version === version) return;
  stored.session = session;
  stored.version = version;
  stored.derived = { owner: undefined, facts: undefined };
}

/** Notes that the store had the record. @param at when it was asked */
export function confirm(stored: StoredSession, at: number): void {
  if (at >= stored.changedAt) stored.confirmedAt = Math.max(stored.confirmedAt, at);
}

/** Notes that the record may be gone: the store is asked at the next request. */
export function doubt(stored: StoredSession, at: number): void {
  stored.changedAt = at;
  stored.confirmedAt = Number.NEGATIVE_INFINITY;
}
