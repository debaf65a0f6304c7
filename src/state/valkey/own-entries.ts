/** The latest entries of this process in a feed. A master that fails can lose them, so they are written again after a reconnection. */
import type { Clock } from '../../runtime/time/clock.ts';

/** The entries. */
export interface OwnEntries {
  /** An entry was written. */
  readonly added: (entry: string, life: number) => void;
  /** Writes the entries of the last minute again, one after the other. It ends at the first failure. */
  readonly writeAgain: () => void;
}

interface Own {
  readonly entry: string;
  readonly addedAt: number;
  readonly endsAt: number;
}

/** How long an entry is kept, in milliseconds. */
const kept = 60_000;

/** Maximum number of entries. The oldest are dropped. */
const maxEntries = 1_000;

/** Creates an empty list. @param write writes an entry to the feed */
export function createOwnEntries(
  write: (entry: string, life: number) => Promise<void>,
  clock: Clock,
): OwnEntries {
  let entries: Own[] = [];
  const recent = () => {
    const now = clock.monotonic();
    return entries.filter(({ addedAt, endsAt }) => addedAt > now - kept && endsAt > now);
  };
  const writeAll = async (list: readonly Own[]) => {
    for (const { entry, endsAt } of list) {
      const left = endsAt - clock.monotonic();
      if (left > 0) await write(entry, left);
    }
  };
  return {
    added: (entry, life) => {
      const now = clock.monotonic();
      if (entries.length >= maxEntries) entries = recent().slice(1 - maxEntries);
      entries.push({ entry, addedAt: now, endsAt: now + life });
    },
    writeAgain: () => {
      entries = recent();
      // The next reconnection tries again. The failure is counted with the operation.
      void writeAll(entries).catch(() => {});
    },
  };
}
