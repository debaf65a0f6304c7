/** One published key: from the JSON of a key set to what may be imported (RFC 7517 section 4, RFC 7518 section 6). */
import type { Algorithm } from '../config/issuer-options.ts';
import { isKeyId, toAlgorithm } from './key-name.ts';
import { ed25519Problem, ellipticCurves, rsaProblem } from './key-strength.ts';

/** Why a published key is refused: the values of the metric's label. */
export const keyRejections = {
  not_an_object: 'The member of the key set is no JSON object.',
  key_type: '`kty` is none of RSA, EC and OKP.',
  symmetric: '`kty` is oct: a secret, which nobody should publish.',
  private: 'It has private members: the issuer has published its private key.',
  key_id: '`kid` is no text, or longer than 256 characters.',
  algorithm: '`alg` does not go with the type or the curve of the key.',
  curve: '`crv` is none of P-256, P-384, P-521 and Ed25519.',
  encoding: 'A number of the key is missing, no base64url, or of the wrong length.',
  size: 'An RSA modulus has less than 2048 or more than 8192 bits, or an Ed25519 point not 32 bytes.',
  exponent: 'An RSA exponent is even, below 65537, or beyond 32 bits.',
  weak: 'The key is known to be weak: a modulus that can be factored from itself, a point of small order.',
  duplicate: 'Two keys have the same `kid` and could verify the same algorithm; both are refused.',
  import: 'The numbers make no key, such as a point that is not on its curve.',
} as const;

/** Why a published key is refused. */
export type KeyRejection = keyof typeof keyRejections;

/** The members that make a public key (RFC 7518 section 6, RFC 8037 section 2), and nothing else. */
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

/** A published key, the reason why it is refused, or `unused` where it is meant for something else. */
export type ReadKey = PublishedKey | { readonly rejected: KeyRejection } | 'unused';

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/**
 * Reads one member of a key set.
 *
 * @param allowed the algorithms that the issuer's tokens may use
 */
export function readKey(member: unknown, allowed: readonly Algorithm[]): ReadKey {
  if (typeof member !== 'object' || member === null || Array.isArray(member))
    return { rejected: 'not_an_object' };
  const jwk = member as Readonly<Record<string, unknown>>;
  const { kty, kid, use, key_ops: operations, alg } = jwk;

  if (kty === 'oct') return { rejected: 'symmetric' };
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) return { rejected: 'private' };
  if (use !== undefined && use !== 'sig') return 'unused';
  if (Array.isArray(operations) && !operations.includes('verify')) return 'unused';
  if (kid !== undefined && !isKeyId(kid)) return { rejected: 'key_id' };

  const shape = readShape(jwk);
  if ('rejected' in shape) return shape;
  const bound = alg === undefined ? undefined : toAlgorithm(alg);
  if (alg !== undefined && bound === undefined) return 'unused';
  if (bound !== undefined && !shape.fits.includes(bound)) return { rejected: 'algorithm' };
  const algorithms = (bound === undefined ? shape.fits : [bound]).filter((algorithm) =>
    allowed.includes(algorithm),
  );
  return algorithms.length === 0 ? 'unused' : { id: kid, algorithms, publicKey: shape.publicKey };
}

type Shape =
  | { readonly fits: readonly Algorithm[]; readonly publicKey: PublicJwk }
  | { readonly rejected: KeyRejection };

/** Reads what the key type asks for, and says which algorithms such a key fits. */
function readShape({ kty, crv, n, e, x, y }: Readonly<Record<string, unknown>>): Shape {
  switch (kty) {
    case 'RSA': {
      if (!isBase64url(n) || !isBase64url(e)) return { rejected: 'encoding' };
      const problem = rsaProblem(n, e);
      const fits = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
      return problem === undefined ? { fits, publicKey: { kty, n, e } } : { rejected: problem };
    }
    case 'EC': {
      const curve = ellipticCurves.find(({ name }) => name === crv);
      if (curve === undefined) return { rejected: 'curve' };
      const isPoint =
        isBase64url(x) && isBase64url(y) && [x, y].every((part) => byteLength(part) === curve.bytes);
      return isPoint
        ? { fits: [curve.algorithm], publicKey: { kty, crv: curve.name, x, y } }
        : { rejected: 'encoding' };
    }
    case 'OKP': {
      if (crv !== 'Ed25519') return { rejected: 'curve' };
      if (!isBase64url(x)) return { rejected: 'encoding' };
      const problem = ed25519Problem(x);
      return problem === undefined ? { fits: ['EdDSA'], publicKey: { kty, crv, x } } : { rejected: problem };
    }
    default:
      return { rejected: 'key_type' };
  }
}

function isBase64url(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value);
}

function byteLength(base64url: string): number {
  return Buffer.from(base64url, 'base64url').length;
}
