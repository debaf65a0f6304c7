/** The keys of one issuer at one time (RFC 7517 section 5): how they are read, and how a token finds its own. */
import type { Algorithm } from '../config/issuer-options.ts';
import { type KeyRejection, type PublishedKey, readKey } from './key.ts';
import { importPublicKey, type VerifySignature } from './public-key.ts';

/** A key that may verify one algorithm. Two are the same key only if they are the same object. */
export interface VerificationKey {
  /** `kid`; undefined if the key has none. */
  readonly id: string | undefined;
  readonly algorithm: Algorithm;
  readonly verify: VerifySignature;
  /** The public numbers and what they may be used for, by which a key is known again in the next set. */
  readonly fingerprint: string;
}

/** Keys to verify with; never empty, never changed. */
export interface KeySet {
  /**
   * The key for a token. A token without `kid` finds one only where a single key fits its algorithm.
   *
   * @param id the token's `kid`
   */
  readonly find: (id: string | undefined, algorithm: Algorithm) => VerificationKey | undefined;
  readonly holds: (key: VerificationKey) => boolean;
  readonly keys: readonly VerificationKey[];
}

/** A key set, and what was left out of it. */
export interface ReadKeySet {
  readonly keySet: KeySet;
  readonly rejected: readonly KeyRejection[];
}

/**
 * Reads a key set. A bad member is left out, the good ones serve.
 *
 * @param text what was published
 * @param allowed the algorithms that the issuer's tokens may use
 * @param maxKeys a set with more members is refused whole
 * @param previous keys that are in it too are taken over as they are
 * @param areUnnamed whether a token's `kid` says nothing, since the keys come from files that give them no names
 * @throws Error if there is not one usable key
 */
export function readKeySet(
  text: string,
  allowed: readonly Algorithm[],
  maxKeys: number,
  previous: KeySet | undefined,
  areUnnamed = false,
): ReadKeySet {
  const members = membersOf(parseJson(text));
  if (members.length > maxKeys)
    throw new Error(`the key set has ${members.length} keys, more than ${maxKeys}`);

  const rejected: KeyRejection[] = [];
  const published: PublishedKey[] = [];
  for (const member of members) {
    const read = readKey(member, allowed);
    if (read === 'unused') continue;
    if ('rejected' in read) rejected.push(read.rejected);
    else published.push(read);
  }

  const isAmbiguous = (key: PublishedKey) =>
    published.some((other) => other !== key && cannotBeToldApart(key, other));
  const unambiguous = published.filter((key) => !isAmbiguous(key));
  for (const _ of published.filter(isAmbiguous)) rejected.push('duplicate');

  const known = new Map(previous?.keys.map((key) => [key.fingerprint, key]));
  const keys: VerificationKey[] = [];
  for (const imported of unambiguous.map((key) => importKey(key, known))) {
    if (imported === undefined) rejected.push('import');
    else keys.push(...imported);
  }
  if (keys.length === 0) throw new Error(`the key set has no usable key${summary(rejected)}`);
  return { keySet: areUnnamed ? createUnnamedKeySet(keys) : createKeySet(keys), rejected };
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('expected a JSON Web Key Set, but it is not JSON');
  }
}

/** Whether a token's `kid` and `alg` would name both keys (RFC 7517 section 4.5). */
function cannotBeToldApart(a: PublishedKey, b: PublishedKey): boolean {
  return (
    a.id !== undefined && a.id === b.id && a.algorithms.some((algorithm) => b.algorithms.includes(algorithm))
  );
}

/** Imports a key for each of its algorithms; undefined if the numbers make no key, such as a point off its curve. */
function importKey(
  { id, algorithms, publicKey }: PublishedKey,
  known: ReadonlyMap<string, VerificationKey>,
): readonly VerificationKey[] | undefined {
  try {
    return algorithms.map((algorithm): VerificationKey => {
      const fingerprint = JSON.stringify([id, algorithm, publicKey]);
      const already = known.get(fingerprint);
      return already ?? { id, algorithm, verify: importPublicKey(publicKey, algorithm), fingerprint };
    });
  } catch {
    return undefined;
  }
}

/** Keys without names, as one for each algorithm: a signature is good if it is one of any of them. */
function createUnnamedKeySet(keys: readonly VerificationKey[]): KeySet {
  const together = [...Map.groupBy(keys, ({ algorithm }) => algorithm)].map(
    ([algorithm, same]): VerificationKey => ({
      id: undefined,
      algorithm,
      verify: (data, signature) => same.some((key) => key.verify(data, signature)),
      fingerprint: JSON.stringify(same.map(({ fingerprint }) => fingerprint)),
    }),
  );
  const { keys: unnamed, holds, find } = createKeySet(together);
  return { keys: unnamed, holds, find: (_, algorithm) => find(undefined, algorithm) };
}

function createKeySet(keys: readonly VerificationKey[]): KeySet {
  const held = new Set(keys);
  const byName = new Map(
    keys.filter(({ id }) => id !== undefined).map((key) => [nameOf(key.id, key.algorithm), key]),
  );
  return {
    keys,
    holds: (key) => held.has(key),
    find: (id, algorithm) => {
      if (id !== undefined) return byName.get(nameOf(id, algorithm));
      const fitting = keys.filter((key) => key.algorithm === algorithm);
      return fitting.length === 1 ? fitting[0] : undefined;
    },
  };
}

function nameOf(id: string | undefined, algorithm: Algorithm): string {
  return `${algorithm} ${id}`;
}

function summary(rejected: readonly KeyRejection[]): string {
  return rejected.length === 0 ? '' : ` (refused: ${[...new Set(rejected)].join(', ')})`;
}
