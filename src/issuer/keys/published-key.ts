/** One published key: from the JSON of a key set to what may be imported (RFC 7517 section 4, RFC 7518 section 6). */
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import { base64urlBytes, integerBytes } from './base64url.ts';
import { ed25519Problem, ellipticCurves, rsaProblem } from './key-strength.ts';
import { isKeyId, toAlgorithm } from './kid-and-alg.ts';
import { isRejection, type UnusedCause } from './unused-keys.ts';

/** The members that make a public key (RFC 7518 section 6, RFC 8037 section 2), and nothing else, each in its one spelling. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string };

/** A key whose text is good: what is left is to import it, once for each algorithm. */
export interface PublishedKey {
  /** `kid`; undefined if the key has none. */
  readonly id: string | undefined;
  /** What it may verify: its own `alg`, or without one all of the allowed algorithms that fit it. */
  readonly algorithms: readonly Algorithm[];
  readonly publicKey: PublicJwk;
}

/** A published key, or the cause for which it is not used. */
export type ReadKey = PublishedKey | { readonly unused: UnusedCause };

/** What the keys of an issuer may be used for. */
export interface KeyUses {
  /** The algorithms that the issuer's tokens may use. */
  readonly algorithms: readonly Algorithm[];
  /** The values of `use` that mean signatures of tokens. */
  readonly keyUses: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** The members of a key that are read. One of them that comes twice gives the key two readings. */
export const readMembers: readonly string[] = [
  ...['kty', 'kid', 'use', 'alg', 'key_ops'],
  ...['n', 'e', 'crv', 'x', 'y'],
];

/** Reads one member of a key set. A member of the key that is null is as if absent, and so is an empty `kid`, `use` or `alg`. */
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
  // How good a key for other algorithms is does not matter here.
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

/** Reads what the key type asks for, and says which algorithms such a key fits. */
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
