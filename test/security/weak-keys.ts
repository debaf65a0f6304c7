/** Keys that must not verify anything, each with a way to forge its signature if there is one. */
import {
  checkPrimeSync,
  constants,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  randomBytes,
  sign,
} from 'node:crypto';

type Jwk = Record<string, unknown>;

/** A weak key that an issuer publishes. */
export interface WeakKey {
  readonly kid: string;
  /** The id in the threat table. */
  readonly row: string;
  readonly algorithm: string;
  /** The published keys; several if they are weak only together. */
  readonly jwks: readonly Jwk[];
  /** A signature that a library without checks accepts. */
  readonly sign: (data: Buffer) => Buffer;
}

const garbage = (length: number) => () => randomBytes(length);
const rs256 = (privateKey: KeyObject) => (data: Buffer) => sign('sha256', data, privateKey);
const base64url = (value: bigint) => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
};
const bigint = (text: unknown) => BigInt(`0x${Buffer.from(String(text), 'base64url').toString('hex')}`);

/** Creates all weak keys. */
export function weakKeys(): readonly WeakKey[] {
  return [...rsaKeys(), ...ellipticKeys(), ...edwardsKeys(), ...misusedKeys()];
}

function rsa(modulusLength: number, publicExponent = 65_537) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) as Jwk };
}

function rsaKeys(): WeakKey[] {
  const base = { algorithm: 'RS256' };
  const sound = rsa(2048);
  const small = rsa(1024);
  const almost = rsa(2040);
  const three = rsa(2048, 3);
  const large = rsa(2048, 17);
  const roca = rocaKey();
  const ofBits = (bits: number) =>
    ((1n << BigInt(bits - 1)) + bigint(randomBytes(64).toString('base64url'))) | 1n;
  return [
    { ...base, row: 'B4', kid: 'rsa-1024', jwks: [small.jwk], sign: rs256(small.privateKey) },
    { ...base, row: 'B4', kid: 'rsa-2040', jwks: [almost.jwk], sign: rs256(almost.privateKey) },
    // With e = 1, the padded digest is its own signature.
    {
      ...base,
      row: 'B5',
      kid: 'e-1',
      jwks: [{ ...sound.jwk, e: 'AQ' }],
      sign: (data: Buffer) => paddedDigest(data, 256),
    },
    { ...base, row: 'B5', kid: 'e-0', jwks: [{ ...sound.jwk, e: 'AA' }], sign: garbage(256) },
    { ...base, row: 'B5', kid: 'e-even', jwks: [{ ...sound.jwk, e: 'AQAA' }], sign: garbage(256) },
    { ...base, row: 'B5', kid: 'e-17', jwks: [large.jwk], sign: rs256(large.privateKey) },
    {
      ...base,
      row: 'B8',
      kid: 'e-2048-bits',
      jwks: [{ ...sound.jwk, e: base64url(ofBits(2048)) }],
      sign: garbage(256),
    },
    { ...base, row: 'B6', kid: 'e-3', jwks: [three.jwk], sign: rs256(three.privateKey) },
    { ...base, row: 'B6', kid: 'e-3-cube', jwks: [three.jwk], sign: (data: Buffer) => cubeRoot(data) },
    { ...base, row: 'B7', kid: 'roca', jwks: [roca.jwk], sign: rs256(roca.privateKey) },
    {
      ...base,
      row: 'B8',
      kid: 'rsa-16384',
      jwks: [{ kty: 'RSA', e: 'AQAB', n: base64url(ofBits(16_384)) }],
      sign: garbage(2048),
    },
    {
      ...base,
      row: 'B8',
      kid: 'rsa-32768',
      jwks: [{ kty: 'RSA', e: 'AQAB', n: base64url(ofBits(32_768)) }],
      sign: garbage(4096),
    },
    {
      ...base,
      row: 'B5',
      kid: 'n-even',
      jwks: [{ kty: 'RSA', e: 'AQAB', n: base64url(ofBits(2048) - 1n) }],
      sign: garbage(256),
    },
    { ...base, row: 'H9', kid: 'n-missing', jwks: [{ kty: 'RSA', e: 'AQAB' }], sign: garbage(256) },
    { ...base, row: 'H9', kid: 'n-number', jwks: [{ kty: 'RSA', e: 'AQAB', n: 5 }], sign: garbage(256) },
    {
      ...base,
      row: 'H9',
      kid: 'n-spaces',
      jwks: [{ ...sound.jwk, n: ` ${sound.jwk.n}` }],
      sign: rs256(sound.privateKey),
    },
  ].map((key) => named(key));
}

function ellipticKeys(): WeakKey[] {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' }) as Jwk;
  const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const es256 = (key: KeyObject) => (data: Buffer) =>
    sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  const zero = Buffer.alloc(32).toString('base64url');
  const base = { algorithm: 'ES256', sign: es256(privateKey) };
  return [
    { ...base, row: 'B9', kid: 'ec-off-curve', jwks: [{ ...jwk, y: jwk.x }] },
    { ...base, row: 'B9', kid: 'ec-zero', jwks: [{ ...jwk, x: zero, y: zero }] },
    { ...base, row: 'B9', kid: 'ec-no-y', jwks: [{ kty: 'EC', crv: 'P-256', x: jwk.x }] },
    {
      ...base,
      row: 'B9',
      kid: 'ec-short',
      jwks: [{ ...jwk, x: Buffer.from(String(jwk.x), 'base64url').subarray(1).toString('base64url') }],
    },
    { ...base, row: 'B9', kid: 'ec-other-curve', jwks: [{ ...jwk, crv: 'P-384' }] },
    { ...base, row: 'B9', kid: 'ec-alg-of-other-curve', jwks: [{ ...jwk, alg: 'ES384' }] },
    { ...base, row: 'B9', kid: 'ec-as-rsa', jwks: [{ ...jwk, kty: 'RSA' }] },
    {
      ...base,
      row: 'B11',
      kid: 'secp256k1',
      jwks: [k1.publicKey.export({ format: 'jwk' }) as Jwk],
      sign: es256(k1.privateKey),
    },
    {
      ...base,
      row: 'B11',
      kid: 'secp256k1-as-p256',
      jwks: [{ ...(k1.publicKey.export({ format: 'jwk' }) as Jwk), crv: 'P-256' }],
      sign: es256(k1.privateKey),
    },
  ].map((key) => named(key));
}

function edwardsKeys(): WeakKey[] {
  const prime = 2n ** 255n - 19n;
  const order8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
  const encode = (y: bigint, isOdd: boolean) =>
    Buffer.from((y | (isOdd ? 1n << 255n : 0n)).toString(16).padStart(64, '0'), 'hex').reverse();
  const points = [1n, prime - 1n, 0n, order8, prime - order8, prime, prime + 1n].flatMap((y) => [
    encode(y, false),
    encode(y, true),
  ]);
  const ed448 = generateKeyPairSync('ed448');
  return [
    ...points.map((point, index) => ({
      row: 'B10',
      algorithm: 'EdDSA',
      kid: `ed25519-small-${index}`,
      jwks: [{ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') }],
      // R is the point of the key or the identity, and S is 0: without a check, this verifies for some or all messages.
      sign: () => Buffer.concat([index % 2 === 0 ? point : encode(1n, false), Buffer.alloc(32)]),
    })),
    {
      row: 'B11',
      algorithm: 'EdDSA',
      kid: 'ed448',
      jwks: [ed448.publicKey.export({ format: 'jwk' }) as Jwk],
      sign: (data: Buffer) => sign(null, data, ed448.privateKey),
    },
    {
      row: 'B10',
      algorithm: 'EdDSA',
      kid: 'ed25519-short',
      jwks: [{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }],
      sign: garbage(64),
    },
    {
      row: 'B11',
      algorithm: 'EdDSA',
      kid: 'x25519',
      jwks: [generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }) as Jwk],
      sign: garbage(64),
    },
  ].map((key) => named(key));
}

/** Valid keys whose published members forbid their use. */
function misusedKeys(): WeakKey[] {
  const { privateKey, jwk } = rsa(2048);
  const base = { algorithm: 'RS256', sign: rs256(privateKey) };
  return [
    { ...base, row: 'B13', kid: 'use-enc', jwks: [{ ...jwk, use: 'enc' }] },
    { ...base, row: 'B13', kid: 'use-number', jwks: [{ ...jwk, use: 5 }] },
    { ...base, row: 'B13', kid: 'ops-sign', jwks: [{ ...jwk, key_ops: ['sign'] }] },
    { ...base, row: 'B13', kid: 'ops-none', jwks: [{ ...jwk, key_ops: [] }] },
    { ...base, row: 'B13', kid: 'alg-of-another', jwks: [{ ...jwk, alg: 'PS256' }] },
    { ...base, row: 'B13', kid: 'alg-unknown', jwks: [{ ...jwk, alg: 'RSA-OAEP' }] },
    { ...base, row: 'B13', kid: 'alg-of-a-curve', jwks: [{ ...jwk, alg: 'ES256' }] },
    { ...base, row: 'H10', kid: 'private', jwks: [privateKey.export({ format: 'jwk' }) as Jwk] },
    { ...base, row: 'H10', kid: 'private-d', jwks: [{ ...jwk, d: 'AQAB' }] },
    { ...base, row: 'H10', kid: 'oct', jwks: [{ kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }] },
    { ...base, row: 'H9', kid: 'kty-unknown', jwks: [{ ...jwk, kty: 'XYZ' }] },
  ].map((key) => named(key));
}

function named(key: WeakKey): WeakKey {
  return { ...key, jwks: key.jwks.map((jwk) => ({ ...jwk, kid: key.kid })) };
}

const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** EMSA-PKCS1-v1_5 of a SHA-256 (RFC 8017 section 9.2). */
export function paddedDigest(data: Buffer, length: number): Buffer {
  const info = Buffer.concat([digestInfo, createHash('sha256').update(data).digest()]);
  return Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.alloc(length - info.length - 3, 0xff),
    Buffer.from([0]),
    info,
  ]);
}

/** Signs any block; only the owner of the key can do this. */
export function signBlock(block: Buffer, key: KeyObject): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}

/** Forges a signature for e = 3: a number whose cube begins like a padded digest (Bleichenbacher, 2006). */
function cubeRoot(data: Buffer): Buffer {
  const info = Buffer.concat([
    Buffer.from('0001ffffffffffffffff00', 'hex'),
    digestInfo,
    createHash('sha256').update(data).digest(),
  ]);
  const wanted = BigInt(`0x${Buffer.concat([info, Buffer.alloc(256 - info.length, 0)]).toString('hex')}`);
  let [low, high] = [0n, 1n << 700n];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (middle ** 3n < wanted) low = middle + 1n;
    else high = middle;
  }
  return Buffer.from(low.toString(16).padStart(512, '0'), 'hex');
}

/** A modulus whose form makes it possible to factor it (CVE-2017-15361), with its private key. */
function rocaKey(): { privateKey: KeyObject; jwk: Jwk } {
  const primes: bigint[] = [];
  for (let candidate = 2n; primes.length < 39; candidate++)
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate);
  const product = primes.reduce((all, prime) => all * prime, 1n);
  const prime = (): bigint => {
    for (;;) {
      const exponent = randomBytes(2).readUInt16BE();
      const residue = powerModulo(65_537n, BigInt(exponent), product);
      const highest = (1n << 1024n) / product;
      const factor = (highest * 3n) / 4n + (bigint(randomBytes(120).toString('base64url')) % (highest / 4n));
      const candidate = factor * product + residue;
      if (candidate.toString(2).length === 1024 && checkPrimeSync(candidate)) return candidate;
    }
  };
  for (;;) {
    const [p, q] = [prime(), prime()];
    const n = p * q;
    if (n.toString(2).length !== 2048) continue;
    const [e, phi] = [65_537n, (p - 1n) * (q - 1n)];
    const d = inverse(e, phi);
    const jwk = { kty: 'RSA', n: base64url(n), e: base64url(e) };
    const parts = { d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
    const secret = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, base64url(value)]));
    return { jwk, privateKey: createPrivateKey({ key: { ...jwk, ...secret }, format: 'jwk' }) };
  }
}

function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, factor, left] = [1n, base % modulus, exponent];
  while (left > 0n) {
    if (left % 2n === 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
    left /= 2n;
  }
  return result;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulus, value % modulus, 0n, 1n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}
