/** The keys of one issuer at one time (RFC 7517 section 5), and how a token finds its own. */
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import type { VerifySignature } from './public-key.ts';

/** A public key that verifies one algorithm. Two keys are the same only if they are the same object. */
export interface VerificationKey {
  /** `kid`; undefined if the key has none. */
  readonly id: string | undefined;
  readonly algorithm: Algorithm;
  readonly verify: VerifySignature;
  /** The `kid`, the algorithm and the public numbers. Identifies the key in the next key set. */
  readonly fingerprint: string;
  /** The public numbers. */
  readonly material: string;
}

/** An immutable set of at least one key. */
export interface KeySet {
  /**
   * The keys that may have signed a token, at most {@link maxCandidateKeys}, in the order of the set. These are the keys with its `kid`, or
   * the keys without `kid` if there are none. For a token without `kid`, they are all keys for its algorithm.
   *
   * @param id the token's `kid`
   */
  readonly find: (id: string | undefined, algorithm: Algorithm) => readonly VerificationKey[];
  readonly holds: (key: VerificationKey) => boolean;
  /** Whether a `kid` is in the set, so a token with it must not cause a fetch. */
  readonly knows: (id: string) => boolean;
  readonly keys: readonly VerificationKey[];
  /** The number of distinct keys. */
  readonly size: number;
}

/** Maximum number of keys that one token is verified with. Each costs one verification, and clients control the number of tokens. */
export const maxCandidateKeys = 4;

/** A published key, imported once for each of its algorithms. */
export interface ImportedKey {
  readonly name: string;
  readonly material: string;
  readonly keys: readonly VerificationKey[];
}

/** The number of distinct keys. */
export function countOf(keys: readonly VerificationKey[]): number {
  return new Set(keys.map(({ material }) => material)).size;
}

type Finder = KeySet['find'];
const noKeys: readonly VerificationKey[] = [];

/** Creates a key set from keys that may have a `kid`. */
export function createKeySet(imported: readonly ImportedKey[]): KeySet {
  const [named, unnamed, all] = [
    createLists(maxCandidateKeys),
    createLists(maxCandidateKeys),
    createLists(maxCandidateKeys),
  ];
  for (const { material, keys } of imported) {
    for (const key of keys) {
      if (key.id === undefined) unnamed.add(key.algorithm, material, key);
      else named.add(nameOf(key.id, key.algorithm), material, key);
      all.add(key.algorithm, material, key);
    }
  }
  const find: Finder = (id, algorithm) =>
    id === undefined ? all.of(algorithm) : (named.get(nameOf(id, algorithm)) ?? unnamed.of(algorithm));
  return keySetOf(imported, [named, unnamed, all], find);
}

/** Creates a key set from key files without `kid`s. A token is verified with each of them, regardless of their number. */
export function createUnnamedKeySet(imported: readonly ImportedKey[]): KeySet {
  const all = createLists(Number.POSITIVE_INFINITY);
  for (const { material, keys } of imported) for (const key of keys) all.add(key.algorithm, material, key);
  return {
    ...keySetOf(imported, [all], (_, algorithm) => all.of(algorithm)),
    // A fetch cannot bring a key for an unknown `kid`.
    knows: () => true,
  };
}

function keySetOf(imported: readonly ImportedKey[], lists: readonly KeyLists[], find: Finder): KeySet {
  const members = new Set(lists.flatMap((list) => list.all()));
  const keys = [...members];
  const ids = new Set(keys.map(({ id }) => id));
  const used = imported.filter((one) => one.keys.some((key) => members.has(key)));
  return {
    keys,
    size: new Set(used.map(({ material }) => material)).size,
    find,
    holds: (key) => members.has(key),
    knows: (id) => ids.has(id),
  };
}

/** Lists of keys by name. */
interface KeyLists {
  /** Appends a key to a list unless the list is full. Replaces a key with the same numbers. */
  readonly add: (name: string, material: string, key: VerificationKey) => void;
  readonly get: (name: string) => readonly VerificationKey[] | undefined;
  readonly of: (name: string) => readonly VerificationKey[];
  readonly all: () => readonly VerificationKey[];
}

function createLists(most: number): KeyLists {
  const lists = new Map<string, Map<string, VerificationKey>>();
  const made = new Map<string, readonly VerificationKey[]>();
  return {
    add: (name, material, key) => {
      const list = lists.getOrInsertComputed(name, () => new Map());
      if (list.size >= most) return;
      list.set(material, key);
      made.set(name, [...list.values()]);
    },
    get: (name) => made.get(name),
    of: (name) => made.get(name) ?? noKeys,
    all: () => [...made.values()].flat(),
  };
}

function nameOf(id: string, algorithm: Algorithm): string {
  return `${algorithm} ${id}`;
}
