/** Reads and validates one key of a key set (RFC 7517 section 4, RFC 7518 section 6). */
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import { base64urlBytes, integerBytes } from './base64url.ts';
import { ed25519Problem, ellipticCurves, rsaProblem } from './key-strength.ts';
import { isKeyId, toAlgorithm } from './kid-and-alg.ts';
import { isRejection, type UnusedCause } from './unused-keys.ts';

/** The members of a public key (RFC 7518 section 6, RFC 8037 section 2), and no others, in canonical form. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string };

/** A valid key, which is not imported yet. */
export interface PublishedKey {
  /** `kid`; undefined if the key has none. */
  readonly id: string | undefined;
  /** The algorithms that it verifies: its `alg`, or without one all allowed algorithms for its type. */
  readonly algorithms: readonly Algorithm[];
  readonly publicKey: PublicJwk;
}

/** A published key, or why it is not used. */
export type ReadKey = PublishedKey | { readonly unused: UnusedCause };

/** The allowed uses of an issuer's keys. */
export interface KeyUses {
  /** The allowed algorithms. */
  readonly algorithms: readonly Algorithm[];
  /** The values of `use` for keys that sign tokens. */
  readonly keyUses: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** The members that are read. A key with one of them twice is ambiguous. */
export const readMembers: readonly string[] = [
  ...['kty', 'kid', 'use', 'alg', 'key_ops'],
  ...['n', 'e', 'crv', 'x', 'y'],
];

/** Reads one key of a key set. A member that is null counts as absent, and so does an empty `kid`, `use` or `alg`. */
export function readKey(member: unknown, { algorithms: allowed, keyUses }: KeyUses): ReadKey {
  if (typeof member !== 'object' || member === null || Array.isArray(member))
    return { unused: 'not_an_object' };
  const jwk: Members = Object.fromEntries(Object.entries(member).filter(([, value]) => value !== null));
  const { kty, key_ops: operations } = jwk;
  const [kid, use, alg] = [jwk.kid, jwk.use, jwk.alg].map((name) => (name === '' ? undefined : name));

  if (kty === 'oct') return { unused: 'symmetric' };
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) return { unused: 'private' };
  if (use !== undefined && !keyUses.some((one) => one === use)) return { unused: 'use' };
  if (Array.isArray(operations) && !operations.includes('verify')) return { unused: 'operations' };

  const bound = alg === undefined ? undefined : toAlgorithm(alg);
  const isForeign = bound === undefined && typeof alg === 'string';
  const shape = readShape(jwk);
  // A fault of a key for other algorithms does not matter.
  if ('unused' in shape)
    return isForeign && isRejection(shape.unused) ? { unused: 'other_algorithm' } : shape;
  if (isForeign) return { unused: 'other_algorithm' };
  if (kid !== undefined && !isKeyId(kid)) return { unused: 'key_id' };
  const isFitting = alg === undefined || (bound !== undefined && shape.fits.includes(bound));
  if (!isFitting) return { unused: 'algorithm' };
  const algorithms = (bound === undefined ? shape.fits : [bound]).filter((algorithm) =>
    allowed.includes(algorithm),
  );
  return algorithms.length === 0
    ? { unused: 'not_allowed' }
    : { id: kid, algorithms, publicKey: shape.publicKey };
}

type Shape =
  | { readonly fits: readonly Algorithm[]; readonly publicKey: PublicJwk }
  | { readonly unused: UnusedCause };

/** Reads the members that the key type requires, and lists the algorithms for that type. */
function readShape(jwk: Members): Shape {
  switch (jwk.kty) {
    case 'RSA':
      return readRsa(jwk);
    case 'EC':
      return readPoint(jwk);
    case 'OKP':
      return readEdwards(jwk);
    default:
      return { unused: typeof jwk.kty === 'string' && jwk.kty !== '' ? 'key_type' : 'no_key_type' };
  }
}

function readRsa({ n, e }: Members): Shape {
  const [modulus, exponent] = [integerBytes(n), integerBytes(e)];
  if (modulus === undefined || exponent === undefined) return { unused: 'encoding' };
  const problem = rsaProblem(modulus, exponent);
  if (problem !== undefined) return { unused: problem };
  const fits = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
  return { fits, publicKey: { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) } };
}

function readPoint({ crv, x, y }: Members): Shape {
  const curve = ellipticCurves.find(({ name }) => name === crv);
  if (curve === undefined) return { unused: typeof crv === 'string' ? 'curve' : 'encoding' };
  const [first, second] = [integerBytes(x), integerBytes(y)];
  if (first === undefined || second === undefined) return { unused: 'encoding' };
  if (first.length > curve.bytes || second.length > curve.bytes) return { unused: 'encoding' };
  const coordinate = (bytes: Buffer) =>
    base64url(Buffer.concat([Buffer.alloc(curve.bytes - bytes.length), bytes]));
  return {
    fits: [curve.algorithm],
    publicKey: { kty: 'EC', crv: curve.name, x: coordinate(first), y: coordinate(second) },
  };
}

function readEdwards({ crv, x }: Members): Shape {
  if (crv !== 'Ed25519') return { unused: typeof crv === 'string' ? 'curve' : 'encoding' };
  const point = base64urlBytes(x);
  if (point === undefined) return { unused: 'encoding' };
  const problem = ed25519Problem(point);
  return problem === undefined
    ? { fits: ['EdDSA'], publicKey: { kty: 'OKP', crv, x: base64url(point) } }
    : { unused: problem };
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}
