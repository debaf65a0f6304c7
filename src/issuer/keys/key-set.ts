/** The keys of one issuer at one time (RFC 7517 section 5), and how a token finds its own. */
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import type { VerifySignature } from './public-key.ts';

/** A key that may verify one algorithm. Two are the same key only if they are the same object. */
export interface VerificationKey {
  /** `kid`; undefined if the key has none. */
  readonly id: string | undefined;
  readonly algorithm: Algorithm;
  readonly verify: VerifySignature;
  /** The public numbers and what they may be used for, by which a key is known again in the next set. */
  readonly fingerprint: string;
  /** The public numbers. */
  readonly material: string;
}

/** Keys to verify with; never empty, never changed. */
export interface KeySet {
  /**
   * The keys that may have signed a token, at most {@link mostTried}, in the order of the set: those of its `kid`; where there are
   * none, those without `kid`; for a token without `kid`, all that fit its algorithm.
   *
   * @param id the token's `kid`
   */
  readonly find: (id: string | undefined, algorithm: Algorithm) => readonly VerificationKey[];
  readonly holds: (key: VerificationKey) => boolean;
  /** Whether a token's `kid` says no more than these keys do, so that it is not worth a fetch. */
  readonly knows: (id: string) => boolean;
  readonly keys: readonly VerificationKey[];
  /** How many keys there are, each counted once, whatever it may verify and however often it is published. */
  readonly size: number;
}

/** The most keys that one token is tried with. Each try costs what a verification costs, and a client decides how many tokens come. */
export const mostTried = 4;

/** A published key that was imported: once for each of its algorithms. */
export interface ImportedKey {
  readonly name: string;
  readonly material: string;
  readonly keys: readonly VerificationKey[];
}

/** How many keys there are, each counted once, whatever it may verify and however often it is published. */
export function countOf(keys: readonly VerificationKey[]): number {
  return new Set(keys.map(({ material }) => material)).size;
}

type Finder = KeySet['find'];
const noKeys: readonly VerificationKey[] = [];

/** Makes a set of keys that have a `kid`, or may have one. */
export function createKeySet(imported: readonly ImportedKey[]): KeySet {
  const [named, unnamed, all] = [createLists(mostTried), createLists(mostTried), createLists(mostTried)];
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

/** Keys without names: a signature is good if it is one of any of them. They are as many as the operator has put into files. */
export function createUnnamedKeySet(imported: readonly ImportedKey[]): KeySet {
  const all = createLists(Number.POSITIVE_INFINITY);
  for (const { material, keys } of imported) for (const key of keys) all.add(key.algorithm, material, key);
  return {
    ...keySetOf(imported, [all], (_, algorithm) => all.of(algorithm)),
    // No token can name a key that is not there.
    knows: () => true,
  };
}

function keySetOf(imported: readonly ImportedKey[], lists: readonly KeyLists[], find: Finder): KeySet {
  const held = new Set(lists.flatMap((list) => list.all()));
  const keys = [...held];
  const ids = new Set(keys.map(({ id }) => id));
  const tried = imported.filter((one) => one.keys.some((key) => held.has(key)));
  return {
    keys,
    size: new Set(tried.map(({ material }) => material)).size,
    find,
    holds: (key) => held.has(key),
    knows: (id) => ids.has(id),
  };
}

/** Keys by what is looked for. */
interface KeyLists {
  /** Adds a key at the end of a list, unless that is full. One with the same numbers takes the other's place. */
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
