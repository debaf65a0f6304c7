/**
 * A table of streams by their identifiers.
 *
 * The identifiers of a connection grow by two, so most streams have a slot of their own, and the others are in a map. A map for
 * all would need new memory all the time, and V8 keeps what was in its old memory until the next collection of everything.
 */

/** A table. */
export interface StreamTable<Entry> {
  readonly find: (id: number) => Entry | undefined;
  readonly add: (entry: Entry) => void;
  readonly remove: (entry: Entry) => void;
  readonly all: () => Iterable<Entry>;
  readonly count: () => number;
}

/** The number of slots, a power of two. */
const slotCount = 128;

/** Creates an empty table. */
export function createStreamTable<Entry extends { readonly id: number }>(): StreamTable<Entry> {
  const slots = new Array<Entry | undefined>(slotCount).fill(undefined);
  const others = new Map<number, Entry>();
  let count = 0;
  return {
    find: (id) => {
      const entry = slots[slotOf(id)];
      return entry?.id === id ? entry : others.get(id);
    },
    add: (entry) => {
      count++;
      const slot = slotOf(entry.id);
      if (slots[slot] === undefined) slots[slot] = entry;
      else others.set(entry.id, entry);
    },
    remove: (entry) => {
      count--;
      const slot = slotOf(entry.id);
      if (slots[slot] === entry) slots[slot] = undefined;
      else others.delete(entry.id);
    },
    *all() {
      for (const entry of slots) if (entry !== undefined) yield entry;
      yield* others.values();
    },
    count: () => count,
  };
}

/** The slot of an identifier, which is odd. */
function slotOf(id: number): number {
  return (id >>> 1) % slotCount;
}
