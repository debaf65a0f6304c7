/** Key pairs of every supported kind and size, generated once for each run. */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { JWK } from 'jose';

/** The algorithms by the kind of their key. */
const algorithmsOf = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  ed25519: ['EdDSA'],
} as const;

/** A key pair. */
export interface Pair {
  /** The kind and size, for the report. */
  readonly kind: string;
  readonly algorithms: readonly string[];
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public members only. */
  readonly jwk: JWK;
}

/** The kind and size of each key, with the usual exponent or a larger prime. */
const keyTypes = [
  ['rsa', 2048, 65_537],
  ['rsa', 2048, 65_537],
  ['rsa', 2048, 65_539],
  // One bit more than a whole number of bytes makes the signature a byte longer than its padding (RFC 8017 section 8.1.1).
  ['rsa', 2049, 65_537],
  ['rsa', 3072, 65_537],
  ['rsa', 4096, 65_537],
  ['P-256'],
  ['P-256'],
  ['P-384'],
  ['P-521'],
  ['ed25519'],
  ['ed25519'],
] as const;

/** Generates the key pairs. */
export function createKeyPool(): readonly Pair[] {
  return keyTypes.map(([type, bits, exponent]): Pair => {
    const { privateKey, publicKey } = generate(type, bits, exponent);
    return {
      kind: bits === undefined ? type : `${type}-${bits}`,
      algorithms: algorithmsOf[type],
      privateKey,
      publicKey,
      jwk: publicKey.export({ format: 'jwk' }) as JWK,
    };
  });
}

function generate(type: keyof typeof algorithmsOf, bits = 2048, publicExponent = 65_537) {
  if (type === 'rsa' && bits % 8 === 1) return assembleRsa(bits);
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength: bits, publicExponent });
  return type === 'ed25519'
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: type });
}

/** Creates an RSA key from primes, for sizes that OpenSSL rounds. */
function assembleRsa(bits: number): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const e = 65_537n;
  for (;;) {
    const [p, q] = [(bits + 1) >> 1, bits >> 1].map((size) => generatePrimeSync(size, { bigint: true }));
    if (p === undefined || q === undefined) throw new TypeError('no primes');
    const order = (p - 1n) * (q - 1n);
    if ((p * q).toString(2).length !== bits || order % e === 0n) continue;
    const d = inverse(e, order);
    const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
    const key = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, base64url(value)]));
    const privateKey = createPrivateKey({ key: { kty: 'RSA', ...key }, format: 'jwk' });
    return { privateKey, publicKey: createPublicKey(privateKey) };
  }
}

/** The inverse of a number (the extended algorithm of Euclid). */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulus, value % modulus, 0n, 1n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}

function base64url(value: bigint): string {
  const text = value.toString(16);
  return Buffer.from(text.padStart(text.length + (text.length % 2), '0'), 'hex').toString('base64url');
}

/** Signs by RFC 7518 section 3. */
export function signWith({ privateKey }: Pair, algorithm: string, data: Buffer): Buffer {
  if (algorithm === 'EdDSA') return sign(null, data, privateKey);
  const digest = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) return sign(digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(digest, data, privateKey);
  return sign(digest, data, {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
}
