/** The keys of an issuer and its problem, in words, for the operator. */
import type { KeySet } from './key-set.ts';
import type { RemovedKey } from './removed-keys.ts';

/** The keys of an issuer and its problem. */
export interface KeysDescription {
  /** The `kid` of each usable key in the order of the key set, without duplicates; undefined stands for keys without one. */
  readonly keyIds: readonly (string | undefined)[];
  /** Seconds since the keys were last loaded; undefined if never. */
  readonly age: number | undefined;
  /** Why the last fetch failed; undefined without a problem. */
  readonly problem: string | undefined;
  /** When the problem began, in milliseconds since the epoch. */
  readonly problemSince: number | undefined;
  /** The last keys that the issuer removed. */
  readonly removed: readonly RemovedKey[];
}

/**
 * Describes a key set.
 *
 * @param age milliseconds since it was loaded
 */
export function describeKeys(
  keySet: KeySet | undefined,
  age: number | undefined,
  problem: string | undefined,
  problemSince: number | undefined,
  removed: readonly RemovedKey[] = [],
): KeysDescription {
  return {
    get keyIds() {
      return [...new Set(keySet?.keys.map(({ id }) => id))];
    },
    age: age === undefined ? undefined : age / 1000,
    problem,
    problemSince,
    removed,
  };
}
