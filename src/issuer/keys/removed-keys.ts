/** The keys that an issuer has removed from its key set, so that a denial can say so. */
import type { KeySet } from './key-set.ts';

/** A removed key. */
export interface RemovedKey {
  /** `kid`. */
  readonly id: string;
  /** When this service found it removed, in milliseconds since the epoch. */
  readonly since: number;
}

/** The removed keys of an issuer. */
export interface RemovedKeys {
  /** Records the difference between two key sets. */
  readonly replaced: (before: KeySet | undefined, after: KeySet, now: number) => void;
  /** The last ones, the oldest first. */
  readonly list: () => readonly RemovedKey[];
}

/** Maximum number of removed keys that are stored for an issuer. */
const most = 16;

/** Creates an empty record. */
export function createRemovedKeys(): RemovedKeys {
  let removed: readonly RemovedKey[] = [];
  return {
    replaced: (before, after, now) => {
      const ids = new Set(before?.keys.flatMap(({ id }) => (id === undefined ? [] : [id])));
      removed = [...removed, ...[...ids].map((id) => ({ id, since: now }))]
        .filter(({ id }) => !after.knows(id))
        .slice(-most);
    },
    list: () => removed,
  };
}
