/** The keys of a set that verify nothing: why, how they are named, and which of them somebody should look at. */

/** The causes that are nobody's fault: the key is meant for something else or for somebody else (RFC 7517 section 5). */
const ordinaryCauses = {
  key_type: '`kty` is none of RSA, EC and OKP, such as AKP (ML-DSA).',
  symmetric: '`kty` is oct: a secret, with which no token of ours is signed.',
  curve: '`crv` is none of P-256, P-384, P-521 and Ed25519, such as Ed448, X25519 or secp256k1.',
  use: "`use` is none of the issuer's `keyUses`, such as enc.",
  operations: '`key_ops` does not list verify.',
  other_algorithm: '`alg` is none that can be allowed, such as RSA-OAEP.',
  not_allowed: "The issuer's `algorithms` list none that the key could verify.",
} as const;

/** The causes that are a fault of whoever publishes the key. */
export const keyRejections = {
  not_an_object: 'The member of the key set is not a JSON object.',
  no_key_type: '`kty` is absent, or not text.',
  duplicate_member:
    'A member that is read, such as `kid`, `use` or `n`, is there twice: readers differ in which they take.',
  private: 'It has private members: the issuer has published its private key.',
  key_id: '`kid` is not text, or longer than 256 characters.',
  algorithm: '`alg` does not go with the type or the curve of the key.',
  encoding: 'A number of the key is missing, not base64url, or too long.',
  size: 'An RSA modulus has less than 2048 or more than 8192 bits, or an Ed25519 point not 32 bytes.',
  exponent: 'An RSA exponent is even, below 65537, or beyond 32 bits.',
  weak: 'The key is known to be weak: a modulus that can be factored from itself, a point of small order.',
  too_many: 'Four other keys with the same `kid`, or also without one, come first; no more are tried.',
  import: 'The numbers make no key, such as a point that is not on its curve.',
} as const;

/** Why a published key is not used: the values of the metric's label. */
export const unusedCauses = { ...ordinaryCauses, ...keyRejections } as const;

/** Why a published key is a fault. */
export type KeyRejection = keyof typeof keyRejections;

/** Why a published key is not used. */
export type UnusedCause = keyof typeof unusedCauses;

/** A published key that is not used. */
export interface UnusedKey {
  /** Its `kid`, cut if it is long; without one its place in the set, as in `keys[2]`. */
  readonly key: string;
  readonly cause: UnusedCause;
}

/** The longest name, in characters. */
const longestName = 64;

/** Names a member of a key set. */
export function nameOfKey(member: unknown, position: number): string {
  const kid = Object(member).kid;
  if (typeof kid !== 'string' || kid === '') return `keys[${position}]`;
  return kid.length > longestName ? `${kid.slice(0, longestName)}…` : kid;
}

/** Whether somebody should look at a key: it is weak or malformed, and not just meant for something else. */
export function isRejection(cause: UnusedCause): cause is KeyRejection {
  return Object.hasOwn(keyRejections, cause);
}

/**
 * The first of some unused keys, as a log record or an answer names them.
 *
 * @param most how many are named
 */
export function someUnusedKeys(unused: readonly UnusedKey[], most: number): readonly string[] {
  const named = unused.slice(0, most).map(({ key, cause }) => `${key}: ${cause}`);
  return unused.length > most ? [...named, `and ${unused.length - most} more`] : named;
}
