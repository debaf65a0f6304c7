/** The keys of one issuer at one time (RFC 7517 section 5): how they are read, and how a token finds its own. */

import type { Algorithm } from '../../config/declare/issuer-options.ts';
import type { IssuerConfig } from '../../config/declare/options.ts';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { duplicateMembers } from '../fetch/duplicate-members.ts';
import { importPublicKey, type VerifySignature } from './public-key.ts';
import { type KeyUses, type PublicJwk, type PublishedKey, readKey, readMembers } from './published-key.ts';
import { nameOfKey, someUnusedKeys, type UnusedCause, type UnusedKey } from './unused-keys.ts';

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

/** A key set, and what was left out of it. */
export interface ReadKeySet {
  readonly keySet: KeySet;
  readonly unused: readonly UnusedKey[];
}

/** How the keys of an issuer are read. */
export interface KeySetRules extends KeyUses {
  /** A set with more members is refused whole. */
  readonly maxKeys: number;
  /** Whether a token's `kid` says nothing, since the keys come from files that give them no names. */
  readonly areUnnamed: boolean;
}

/** The most keys that one token is tried with. Each try costs what a verification costs, and a client decides how many tokens come. */
export const mostTried = 4;

/** The most keys that are named where none is usable. */
const mostNamed = 10;

/** The rules of one issuer. */
export function keySetRules(
  { algorithms, keyUses, publicKeyFiles }: Pick<IssuerConfig, 'algorithms' | 'keyUses' | 'publicKeyFiles'>,
  maxKeys: number,
): KeySetRules {
  return { algorithms, keyUses, maxKeys, areUnnamed: publicKeyFiles !== undefined };
}

/** A key set without one usable key. */
export class UnusableKeySetError extends Error {
  readonly unused: readonly UnusedKey[];

  constructor(unused: readonly UnusedKey[]) {
    const why = unused.length === 0 ? '' : ` (${someUnusedKeys(unused, mostNamed).join(', ')})`;
    super(`the key set has no usable key${why}`);
    this.unused = unused;
  }
}

/** A published key that was imported: once for each of its algorithms. */
interface ImportedKey {
  readonly name: string;
  readonly material: string;
  readonly keys: readonly VerificationKey[];
}

/**
 * Reads a key set. A bad member is left out, the good ones serve. The same key twice is one key.
 *
 * @param text what was published
 * @param previous keys that are in it too are taken over as they are
 * @throws UnusableKeySetError if there is not one usable key
 * @throws Error if it is not a key set
 */
export function readKeySet(text: string, rules: KeySetRules, previous?: KeySet): ReadKeySet {
  const members = membersOf(parseJson(text));
  const ambiguous = ambiguousKeys(text);
  if (members.length > rules.maxKeys)
    throw new Error(`the key set has ${members.length} keys, more than ${rules.maxKeys}`);

  const unused: UnusedKey[] = [];
  const imported: ImportedKey[] = [];
  const known = new Map(previous?.keys.map((key) => [key.fingerprint, key]));
  for (const [position, member] of members.entries()) {
    const name = nameOfKey(member, position);
    const read = ambiguous.has(position) ? duplicateMember : readKey(member, rules);
    const key = 'unused' in read ? read : importKey(read, known, name);
    if ('unused' in key) unused.push({ key: name, cause: key.unused });
    else imported.push(key);
  }
  if (imported.length === 0) throw new UnusableKeySetError(unused);
  const keySet = rules.areUnnamed ? createUnnamedKeySet(imported) : createKeySet(imported);
  const isTried = (key: VerificationKey) => keySet.holds(key);
  const untried = imported.filter(({ keys }) => !keys.some(isTried));
  return {
    keySet,
    unused: [...unused, ...untried.map(({ name }): UnusedKey => ({ key: name, cause: 'too_many' }))],
  };
}

function membersOf(document: unknown): readonly unknown[] {
  if (
    typeof document === 'object' &&
    document !== null &&
    'keys' in document &&
    Array.isArray(document.keys)
  ) {
    return document.keys;
  }
  throw new Error('expected a JSON Web Key Set: an object with a list named keys');
}

const duplicateMember = { unused: 'duplicate_member' } as const;

/**
 * Where the keys are that have a member twice which is read. Others may be there as often as they like.
 *
 * @throws Error where the list itself is there twice
 */
function ambiguousKeys(text: string): ReadonlySet<number> {
  const positions = new Set<number>();
  for (const [list, position, name] of duplicateMembers(text)) {
    if (list !== 'keys') continue;
    if (position === undefined)
      throw new Error('the key set has two members named keys, and readers differ in which they take');
    if (typeof position === 'number' && readMembers.includes(String(name))) positions.add(position);
  }
  return positions;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch {
    throw new Error('expected a JSON Web Key Set, but it is not JSON');
  }
}

/** Imports a key for each of its algorithms; fails if the numbers make no key, such as a point off its curve. */
function importKey(
  { id, algorithms, publicKey }: PublishedKey,
  known: Map<string, VerificationKey>,
  name: string,
): ImportedKey | { readonly unused: UnusedCause } {
  const keys: VerificationKey[] = [];
  const material = JSON.stringify(publicKey);
  for (const algorithm of algorithms) {
    const fingerprint = JSON.stringify([id, algorithm, publicKey]);
    const key = known.get(fingerprint) ?? importFor({ id, algorithm, fingerprint, material }, publicKey);
    if (key === undefined) return { unused: 'import' };
    known.set(fingerprint, key);
    keys.push(key);
  }
  return { name, material, keys };
}

function importFor(key: Omit<VerificationKey, 'verify'>, publicKey: PublicJwk): VerificationKey | undefined {
  try {
    return { ...key, verify: importPublicKey(publicKey, key.algorithm) };
  } catch {
    return undefined;
  }
}

/** How many keys there are, each counted once, whatever it may verify and however often it is published. */
export function countOf(keys: readonly VerificationKey[]): number {
  return new Set(keys.map(({ material }) => material)).size;
}

type Finder = KeySet['find'];
const noKeys: readonly VerificationKey[] = [];

function createKeySet(imported: readonly ImportedKey[]): KeySet {
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
function createUnnamedKeySet(imported: readonly ImportedKey[]): KeySet {
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
