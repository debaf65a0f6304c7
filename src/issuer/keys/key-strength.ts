/** Public keys that must not verify anything, although libraries would use them. */

/** The smallest and largest RSA modulus, in bits (RFC 7518 section 3.3; above, verification is a way to be slow). */
const rsaBits = { min: 2048, max: 8192 };

/** The curves of ES256, ES384 and ES512 (RFC 7518 section 6.2.1.1). */
export const ellipticCurves = [
  { name: 'P-256', algorithm: 'ES256', bytes: 32 },
  { name: 'P-384', algorithm: 'ES384', bytes: 48 },
  { name: 'P-521', algorithm: 'ES512', bytes: 66 },
] as const;

/**
 * Says why an RSA key is not safe to verify with.
 *
 * @param modulus `n`, without zeros in front
 * @param exponent `e`, without zeros in front
 */
export function rsaProblem(modulus: Buffer, exponent: Buffer): 'size' | 'exponent' | 'weak' | undefined {
  // Before any arithmetic: a large number must not cost more than a look at its length.
  if (modulus.length > rsaBits.max / 8) return 'size';
  if (exponent.length > 4) return 'exponent';
  const n = toInteger(modulus);
  const e = toInteger(exponent);
  const bits = n.toString(2).length;
  if (bits < rsaBits.min || bits > rsaBits.max) return 'size';
  // With e = 1 anybody can sign; a small e invites forged padding (RFC 8017 section 3.1).
  if (e % 2n === 0n || e < 65_537n) return 'exponent';
  return n % 2n === 0n || isRocaModulus(n) ? 'weak' : undefined;
}

/**
 * Says why an Ed25519 key is not safe to verify with (RFC 8032 section 5.1): with a point of small order,
 * signatures can be made without any private key.
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
 * Whether a modulus has the form of the keys that can be factored from themselves (CVE-2017-15361): modulo every
 * small prime it is a power of 65537. A sound modulus passes for one with a chance of about 2^-27.
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
