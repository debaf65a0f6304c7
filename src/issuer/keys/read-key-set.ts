/** Reads a published key set (RFC 7517 section 5): which of its keys are used, and why others are not. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import { duplicateMembers } from '../fetch/duplicate-members.ts';
import {
  createKeySet,
  createUnnamedKeySet,
  type ImportedKey,
  type KeySet,
  type VerificationKey,
} from './key-set.ts';
import { importPublicKey } from './public-key.ts';
import { type KeyUses, type PublicJwk, type PublishedKey, readKey, readMembers } from './published-key.ts';
import { nameOfKey, someUnusedKeys, type UnusedCause, type UnusedKey } from './unused-keys.ts';

/** A key set, and the published keys that are not used. */
export interface ReadKeySet {
  readonly keySet: KeySet;
  readonly unused: readonly UnusedKey[];
}

/** How a key set is read. */
export interface KeySetRules extends KeyUses {
  /** A key set with more members is rejected. */
  readonly maxKeys: number;
  /** Whether the keys come from files without `kid`s, so the `kid` of a token is ignored. */
  readonly areUnnamed: boolean;
}

/** Maximum number of keys that the error names if no key is usable. */
const mostNamed = 10;

/** The rules of one issuer. */
export function keySetRules(
  { algorithms, keyUses, publicKeyFiles }: Pick<IssuerConfig, 'algorithms' | 'keyUses' | 'publicKeyFiles'>,
  maxKeys: number,
): KeySetRules {
  return { algorithms, keyUses, maxKeys, areUnnamed: publicKeyFiles !== undefined };
}

/** The key set has no usable key. */
export class UnusableKeySetError extends Error {
  readonly unused: readonly UnusedKey[];

  constructor(unused: readonly UnusedKey[]) {
    const why = unused.length === 0 ? '' : ` (${someUnusedKeys(unused, mostNamed).join(', ')})`;
    super(`the key set has no usable key${why}`);
    this.unused = unused;
  }
}

/**
 * Reads a key set. Invalid members are skipped. A key that is published twice counts once.
 *
 * @param text the published key set.
 * @param previous the key set before it, whose unchanged keys are reused.
 * @throws UnusableKeySetError if no key is usable
 * @throws Error if the text is not a key set
 */
export function readKeySet(text: string, rules: KeySetRules, previous?: KeySet): ReadKeySet {
  const members = membersOf(parsedKeySet(text));
  const ambiguous = ambiguousKeys(text);
  if (members.length > rules.maxKeys)
    throw new Error(
      `the key set has ${members.length} keys; the limit is ${rules.maxKeys} (\`limits.maxIssuerKeys\`)`,
    );

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
  const isInKeySet = (key: VerificationKey) => keySet.holds(key);
  const beyondLimit = imported.filter(({ keys }) => !keys.some(isInKeySet));
  return {
    keySet,
    unused: [...unused, ...beyondLimit.map(({ name }): UnusedKey => ({ key: name, cause: 'too_many' }))],
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
 * The positions of keys that have one of {@link readMembers} twice. Other members may be repeated.
 *
 * @throws Error if the document has two lists of keys
 */
function ambiguousKeys(text: string): ReadonlySet<number> {
  const positions = new Set<number>();
  for (const [list, position, name] of duplicateMembers(text)) {
    if (list !== 'keys') continue;
    if (position === undefined) throw new Error('the key set has two members named keys, which is ambiguous');
    if (typeof position === 'number' && readMembers.includes(String(name))) positions.add(position);
  }
  return positions;
}

function parsedKeySet(text: string): unknown {
  try {
    return parseJson(withoutByteOrderMark(text));
  } catch {
    throw new Error('expected a JSON Web Key Set, but the text is not JSON');
  }
}

/** Imports a key for each of its algorithms. It is not used if its numbers are not a valid key, such as a point off its curve. */
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
