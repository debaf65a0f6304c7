/** The difference between two key sets. */
import { countOf, type KeySet } from './key-set.ts';

/** The difference between two key sets, in distinct keys. A key with a new algorithm counts as one added and one removed. */
export interface KeysChange {
  readonly added: number;
  readonly removed: number;
  readonly keys: number;
}

/** Compares a key set with the one before it. @param before undefined if there was none */
export function difference(before: KeySet | undefined, after: KeySet): KeysChange {
  const added = after.keys.filter((key) => before?.holds(key) !== true);
  const removed = before?.keys.filter((key) => !after.holds(key)) ?? [];
  return { added: countOf(added), removed: countOf(removed), keys: after.size };
}
