/** Rejects weak public keys that libraries accept. */

/** The smallest and largest RSA modulus, in bits (RFC 7518 section 3.3; larger ones verify too slowly). */
const rsaBits = { min: 2048, max: 8192 };

/** The curves of ES256, ES384 and ES512 (RFC 7518 section 6.2.1.1). */
export const ellipticCurves = [
  { name: 'P-256', algorithm: 'ES256', bytes: 32 },
  { name: 'P-384', algorithm: 'ES384', bytes: 48 },
  { name: 'P-521', algorithm: 'ES512', bytes: 66 },
] as const;

/**
 * Says why an RSA key must not be used; undefined if it may.
 *
 * @param modulus `n`, without leading zeros
 * @param exponent `e`, without leading zeros
 */
export function rsaProblem(modulus: Buffer, exponent: Buffer): 'size' | 'exponent' | 'weak' | undefined {
  // Check the lengths before any arithmetic, which is expensive for large numbers.
  if (modulus.length > rsaBits.max / 8) return 'size';
  if (exponent.length > 4) return 'exponent';
  const n = toInteger(modulus);
  const e = toInteger(exponent);
  if (n.toString(2).length < rsaBits.min) return 'size';
  // With e = 1 anyone can sign, and a small e allows forged padding (RFC 8017 section 3.1).
  if (e % 2n === 0n || e < 65_537n) return 'exponent';
  return n % 2n === 0n || isRocaModulus(n) ? 'weak' : undefined;
}

/**
 * Says why an Ed25519 key must not be used (RFC 8032 section 5.1); undefined if it may. With a point of small order,
 * anyone can sign without a private key.
 *
 * @param point `x`
 */
export function ed25519Problem(point: Buffer): 'size' | 'weak' | undefined {
  if (point.length !== 32) return 'size';
  const y = BigInt(`0x${Buffer.from(point).reverse().toString('hex')}`) & (2n ** 255n - 1n);
  return y >= fieldPrime || smallOrderY.includes(y) ? 'weak' : undefined;
}

const fieldPrime = 2n ** 255n - 19n;

// The y coordinates of the eight points of small order on edwards25519: orders 1, 2, 4, and 8 twice.
const yOfOrder8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const smallOrderY = [1n, fieldPrime - 1n, 0n, yOfOrder8, fieldPrime - yOfOrder8];

const rocaPrimes = [
  3n,
  5n,
  7n,
  11n,
  13n,
  17n,
  19n,
  23n,
  29n,
  31n,
  37n,
  41n,
  43n,
  47n,
  53n,
  59n,
  61n,
  67n,
  71n,
  73n,
  79n,
  83n,
  89n,
  97n,
  101n,
  103n,
  107n,
  109n,
  113n,
  127n,
  131n,
  137n,
  139n,
  149n,
  151n,
  157n,
  163n,
  167n,
];

/**
 * Whether a modulus has the form of the weak keys of CVE-2017-15361 (ROCA): modulo every small prime it is a power of
 * 65537. The chance of a false positive is about 2^-27.
 */
function isRocaModulus(n: bigint): boolean {
  return rocaPrimes.every((prime) => isPowerModulo(65_537n % prime, n % prime, prime));
}

function isPowerModulo(base: bigint, value: bigint, prime: bigint): boolean {
  let power = 1n;
  for (let exponent = 0n; exponent < prime; exponent++) {
    if (power === value) return true;
    power = (power * base) % prime;
  }
  return false;
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex') || '0'}`);
}
