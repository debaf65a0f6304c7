/** The sessions of the store that this process has read. It stores facts, never a decision. */
import { LRUCache } from 'lru-cache';
import type { SessionMemoryLimits } from './session-memory.ts';
import type { StoredSession } from './stored-session.ts';
import type { Ticket } from './ticket.ts';

/** A ticket that this process has opened, and its session. */
export interface OpenedTicket {
  readonly ticket: Ticket;
  /** The SHA-256 of the cookie. */
  readonly digest: string;
  /** The key that sealed it. The ticket is valid only while the key is in `sessions.keysFile`. */
  readonly keyId: string;
  readonly stored: StoredSession;
}

/** The memory. */
export interface StoredMemory {
  readonly get: (digest: string) => OpenedTicket | undefined;
  /** Reads an entry without marking it as used. */
  readonly peek: (digest: string) => OpenedTicket | undefined;
  /** The session with an ID, if a ticket of it is in the memory. */
  readonly stored: (id: string) => StoredSession | undefined;
  /** @param bytes the length of the cookie and the record, from which the memory is estimated */
  readonly put: (opened: OpenedTicket, bytes: number) => void;
  readonly size: () => number;
}

// As for sessions in cookies (`session-memory.ts`): the memory per byte of the sealed values, and per entry.
const memoryPerByte = 3;
const memoryPerEntry = 1_000;

/** Creates an empty memory. */
export function createStoredMemory({ maxEntries, maxBytes }: SessionMemoryLimits): StoredMemory {
  const isOff = maxEntries === 0 || maxBytes === 0;
  const sessions = new Map<string, StoredSession>();
  const leave = ({ ticket, stored }: OpenedTicket) => {
    stored.tickets--;
    if (stored.tickets === 0 && sessions.get(ticket.id) === stored) sessions.delete(ticket.id);
  };
  const tickets = new LRUCache<string, OpenedTicket>({
    max: Math.max(1, maxEntries),
    maxSize: Math.max(1, maxBytes),
    dispose: leave,
  });
  return {
    get: (digest) => tickets.get(digest),
    peek: (digest) => tickets.peek(digest),
    stored: (id) => sessions.get(id),
    put: (opened, bytes) => {
      const { ticket, stored, digest } = opened;
      const size = memoryPerEntry + bytes * memoryPerByte;
      if (isOff || size > maxBytes || tickets.peek(digest) === opened) return;
      stored.tickets++;
      sessions.set(ticket.id, stored);
      tickets.set(digest, opened, { size });
    },
    size: () => tickets.size,
  };
}
