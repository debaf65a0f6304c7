/** Published keys that are not used: the causes, the names of the keys, and which of them are a fault. */

/** Causes that are not a fault: the key has another purpose or another user (RFC 7517 section 5). */
const ordinaryCauses = {
  key_type: '`kty` is not RSA, EC or OKP, for example AKP (ML-DSA).',
  symmetric: '`kty` is oct, a shared secret. Tokens are verified with public keys only.',
  curve: '`crv` is not P-256, P-384, P-521 or Ed25519, for example Ed448, X25519 or secp256k1.',
  use: "`use` is not in the issuer's `keyUses`, for example enc.",
  operations: '`key_ops` does not list verify.',
  other_algorithm: '`alg` is not a supported signature algorithm, for example RSA-OAEP.',
  not_allowed: "The issuer's `algorithms` do not include an algorithm of this key.",
} as const;

/** Causes that are a fault of the publisher of the key. */
export const keyRejections = {
  not_an_object: 'The member of the key set is not a JSON object.',
  no_key_type: '`kty` is absent, or not a string.',
  duplicate_member:
    'The key has a member twice, such as `kid`, `use` or `n`. That is ambiguous, because JSON parsers differ in which one they use.',
  private: 'The key has private members: the issuer published its private key.',
  key_id: '`kid` is not a string, or longer than 256 characters.',
  algorithm: '`alg` does not fit the type or the curve of the key.',
  encoding: 'A number of the key is missing, not base64url, or too long.',
  size: 'The RSA modulus has less than 2048 or more than 8192 bits, or the Ed25519 point does not have 32 bytes.',
  exponent: 'The RSA exponent is even, below 65537, or longer than 32 bits.',
  weak: 'The key is known to be weak: an RSA modulus of CVE-2017-15361 (ROCA), or a point of small order.',
  too_many:
    'The key set has four other keys before it with the same `kid`, or also without one. The limit is four.',
  import: 'The numbers are not a valid key, for example a point off its curve.',
} as const;

/** Why a published key is not used: the values of the metric label `cause`. */
export const unusedCauses = { ...ordinaryCauses, ...keyRejections } as const;

/** The causes that are a fault. */
export type KeyRejection = keyof typeof keyRejections;

/** Why a published key is not used. */
export type UnusedCause = keyof typeof unusedCauses;

/** A published key that is not used. */
export interface UnusedKey {
  /** Its `kid`, truncated if long; without one its position, such as `keys[2]`. */
  readonly key: string;
  readonly cause: UnusedCause;
}

/** The longest name of a key, in characters. */
const longestName = 64;

/** The name of a key for messages. */
export function nameOfKey(member: unknown, position: number): string {
  const kid = Object(member).kid;
  if (typeof kid !== 'string' || kid === '') return `keys[${position}]`;
  return kid.length > longestName ? `${kid.slice(0, longestName)}…` : kid;
}

/** Whether a cause is a fault of the publisher. */
export function isRejection(cause: UnusedCause): cause is KeyRejection {
  return Object.hasOwn(keyRejections, cause);
}

/**
 * Lists the first unused keys with their causes, for the log and `/readyz`.
 *
 * @param most the maximum number of keys to list
 */
export function someUnusedKeys(unused: readonly UnusedKey[], most: number): readonly string[] {
  const named = unused.slice(0, most).map(({ key, cause }) => `${key}: ${cause}`);
  return unused.length > most ? [...named, `and ${unused.length - most} more`] : named;
}
