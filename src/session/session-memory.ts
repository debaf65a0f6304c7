/** The memory of a process about sessions. It outlives a change of the configuration. It stores facts, never a decision. */
import { LRUCache } from 'lru-cache';
import type { Endable, EndedSessions } from './ended-sessions.ts';
import type { DerivedFacts } from './session-store.ts';

/** A session that this process has opened. */
export interface OpenedSession extends Endable {
  /** The only host that the session counts for; undefined if hosts share it. */
  readonly host: string | undefined;
  /** The SHA-256 of its cookies. */
  readonly digest: string;
  /** The key that sealed it. The session is valid only while the key is in `sessions.keysFile`. */
  readonly keyId: string;
  readonly derived: DerivedFacts;
}

/** The memory. */
export interface SessionMemory {
  readonly opened: {
    readonly get: (digest: string) => OpenedSession | undefined;
    /** Reads an entry without marking it as used. */
    readonly peek: (digest: string) => OpenedSession | undefined;
    /** @param bytes the length of the cookies, from which the memory is estimated */
    readonly put: (opened: OpenedSession, bytes: number) => void;
    readonly size: () => number;
  };
  readonly ended: EndedSessions;
}

/** The limits of the opened sessions. */
export interface SessionMemoryLimits {
  /** 0 disables the cache. */
  readonly maxEntries: number;
  /** Estimated. 0 disables the cache. */
  readonly maxBytes: number;
}

// Measured with 10,000 sessions: the memory per byte of a cookie, and per entry.
const memoryPerCookieByte = 3;
const memoryPerEntry = 1_000;

/** Creates a memory without opened sessions. @param ended the ended sessions, which outlive a change of the limits */
export function createSessionMemory(
  { maxEntries, maxBytes }: SessionMemoryLimits,
  ended: EndedSessions,
): SessionMemory {
  const isOff = maxEntries === 0 || maxBytes === 0;
  const entries = new LRUCache<string, OpenedSession>({
    max: Math.max(1, maxEntries),
    maxSize: Math.max(1, maxBytes),
  });
  return {
    opened: {
      get: (digest) => entries.get(digest),
      peek: (digest) => entries.peek(digest),
      put: (opened, bytes) => {
        if (isOff) return;
        entries.set(opened.digest, opened, { size: memoryPerEntry + bytes * memoryPerCookieByte });
      },
      size: () => entries.size,
    },
    ended,
  };
}
