import { createLocalJWKSet, errors, exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { supportedAlgorithms } from '../../src/config/issuer-options.ts';
import { readKey } from '../../src/issuer/key.ts';
import { readKeySet } from '../../src/issuer/key-set.ts';
import { ed25519Problem, rsaProblem } from '../../src/issuer/key-strength.ts';
import { base64url } from '../support/tokens.ts';

let rsa: JWK;
let otherRsa: JWK;
let ec: JWK;
let ed: JWK;
let rsaPrivate: JWK;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  [rsa, rsaPrivate] = [await exportJWK(pair.publicKey), await exportJWK(pair.privateKey)];
  otherRsa = await exportJWK((await generateKeyPair('RS256', { extractable: true })).publicKey);
  ec = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey);
  ed = await exportJWK((await generateKeyPair('EdDSA', { extractable: true })).publicKey);
});

const read = (keys: unknown, max = 100) =>
  readKeySet(JSON.stringify({ keys }), supportedAlgorithms, max, undefined);

/** A modulus of so many bits, odd, with no structure. */
function modulus(bits: number): string {
  const n = (1n << BigInt(bits - 1)) | (0x1234567n << 40n) | 1n;
  return base64url(Buffer.from(n.toString(16).padStart(bits / 4, '0'), 'hex'));
}

/** A modulus with the form of CVE-2017-15361: powers of 65537 modulo the product of small primes. */
function rocaModulus(): string {
  const primes = [
    2n,
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
  const product = primes.reduce((a, b) => a * b, 1n);
  let power = 1n;
  for (let index = 0; index < 1234; index++) power = (power * 65537n) % product;
  const n = power + product * ((1n << 2047n) / product + 1n);
  return base64url(Buffer.from(n.toString(16).padStart(512, '0'), 'hex'));
}

describe('RSA keys', () => {
  test('of the sizes that are used are good', () => {
    for (const bits of [2048, 3072, 4096, 8192]) expect(rsaProblem(modulus(bits), 'AQAB')).toBeUndefined();
  });

  test.each([
    ['too small a modulus', modulus(1024), 'AQAB', 'size'],
    ['a modulus of one bit less', modulus(2040), 'AQAB', 'size'],
    ['too large a modulus', modulus(8200), 'AQAB', 'size'],
    ['a modulus of a megabyte', 'A'.repeat(1_000_000), 'AQAB', 'size'],
    ['an exponent of 1, with which anybody signs', modulus(2048), 'AQ', 'exponent'],
    ['an exponent of 3', modulus(2048), 'Aw', 'exponent'],
    ['an even exponent', modulus(2048), 'AQAC', 'exponent'],
    ['a huge exponent', modulus(2048), 'AQAAAAE', 'exponent'],
    ['an exponent as long as a modulus', modulus(2048), modulus(2048), 'exponent'],
    ['a modulus that can be factored from itself', rocaModulus(), 'AQAB', 'weak'],
  ])('with %s are not', (_, n, e, problem) => {
    expect(rsaProblem(n, e)).toBe(problem);
  });

  test('that real libraries make are not taken for weak ones', () => {
    for (const key of [rsa, otherRsa]) expect(rsaProblem(key.n ?? '', key.e ?? '')).toBeUndefined();
  });
});

describe('Ed25519 keys', () => {
  const p = 2n ** 255n - 19n;
  const encode = (y: bigint) => base64url(Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse());
  const inverse = (value: bigint) => power(((value % p) + p) % p, p - 2n);
  const power = (base: bigint, exponent: bigint): bigint => {
    let [result, square, rest] = [1n, base, exponent];
    for (; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = (result * square) % p;
      square = (square * square) % p;
    }
    return result;
  };

  test('of small order are refused, as doubling them thrice shows', () => {
    const d = (((-121665n * inverse(121666n)) % p) + p) % p;
    // y of the double, from y alone: x² = (y² - 1) / (d y² + 1), and y₂ = (y² + x²) / (2 - (y² - x²)).
    const double = (y: bigint) => {
      const yy = (y * y) % p;
      const xx = ((yy - 1n) * inverse(d * yy + 1n)) % p;
      return ((((yy + xx) * inverse(2n - (yy - xx))) % p) + p) % p;
    };
    const candidates = [0n, 1n, p - 1n, 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n];
    for (const y of [...candidates, p - (candidates[3] ?? 0n)]) {
      expect(double(double(double(y)))).toBe(1n);
      expect(ed25519Problem(encode(y))).toBe('weak');
      expect(ed25519Problem(encode(y | (1n << 255n)))).toBe('weak');
    }
  });

  test('that are not canonical are refused', () => {
    for (const y of [p, p + 1n, 2n ** 255n - 1n]) expect(ed25519Problem(encode(y))).toBe('weak');
  });

  test('of another length are refused', () => {
    expect(ed25519Problem(base64url(Buffer.alloc(31, 7)))).toBe('size');
    expect(ed25519Problem(base64url(Buffer.alloc(33, 7)))).toBe('size');
  });

  test('that real libraries make are good', () => {
    expect(ed25519Problem(ed.x ?? '')).toBeUndefined();
  });
});

describe('a member of a key set', () => {
  const cases: [string, () => unknown, unknown][] = [
    ['null', () => null, { rejected: 'not_an_object' }],
    ['a number', () => 5, { rejected: 'not_an_object' }],
    ['a list', () => [], { rejected: 'not_an_object' }],
    ['an unknown type', () => ({ kty: 'XYZ' }), { rejected: 'key_type' }],
    ['no type', () => ({}), { rejected: 'key_type' }],
    ['a symmetric key', () => ({ kty: 'oct', k: 'AAAA' }), { rejected: 'symmetric' }],
    ['a private key', () => rsaPrivate, { rejected: 'private' }],
    ['a key for encryption', () => ({ ...rsa, use: 'enc' }), 'unused'],
    ['a key for signing alone', () => ({ ...rsa, key_ops: ['sign'] }), 'unused'],
    ['an encryption algorithm', () => ({ ...rsa, alg: 'RSA-OAEP' }), 'unused'],
    ['an algorithm of another type', () => ({ ...rsa, alg: 'ES256' }), { rejected: 'algorithm' }],
    ['an algorithm of another curve', () => ({ ...ec, alg: 'ES384' }), { rejected: 'algorithm' }],
    ['a kid that is no text', () => ({ ...rsa, kid: 5 }), { rejected: 'key_id' }],
    ['a kid that is too long', () => ({ ...rsa, kid: 'k'.repeat(257) }), { rejected: 'key_id' }],
    ['an unknown curve', () => ({ ...ec, crv: 'secp256k1' }), { rejected: 'curve' }],
    ['Ed448', () => ({ kty: 'OKP', crv: 'Ed448', x: 'AAAA' }), { rejected: 'curve' }],
    ['a number that is no base64url', () => ({ ...rsa, n: 'a+b/=' }), { rejected: 'encoding' }],
    ['no modulus', () => ({ kty: 'RSA', e: 'AQAB' }), { rejected: 'encoding' }],
    ['a coordinate of another length', () => ({ ...ec, x: 'AAAA' }), { rejected: 'encoding' }],
  ];
  test.each(cases)('%s', (_, member, expected) => {
    expect(readKey(member(), supportedAlgorithms)).toEqual(expected);
  });

  test('without alg may verify what the issuer allows and the key fits', () => {
    expect(readKey(rsa, ['RS256', 'ES256', 'PS256'])).toMatchObject({ algorithms: ['RS256', 'PS256'] });
    expect(readKey(ec, ['RS256'])).toBe('unused');
  });
});

describe('a key set', () => {
  test('serves its good members, and tells the causes of the bad ones', async () => {
    const { keySet, rejected } = read([
      null,
      { kty: 'XYZ' },
      { n: 5 },
      { ...rsa, kid: 'a' },
      { ...ec, kid: 'b' },
      { ...rsa, kid: 'c', e: 'AQ' },
    ]);
    expect(rejected).toEqual(['not_an_object', 'key_type', 'key_type', 'exponent']);
    expect(keySet.find('a', 'RS256')).toBeDefined();
    expect(keySet.find('b', 'ES256')).toBeDefined();
    expect(keySet.find('c', 'RS256')).toBeUndefined();
    expect(keySet.find('a', 'ES256')).toBeUndefined();
    expect(keySet.find('__proto__', 'RS256')).toBeUndefined();
  });

  test('drops two keys of one name, and leaves the others', async () => {
    const { keySet, rejected } = read([
      { ...rsa, kid: 'a' },
      { ...otherRsa, kid: 'a' },
      { ...ec, kid: 'b' },
    ]);
    expect(rejected).toEqual(['duplicate', 'duplicate']);
    expect([keySet.find('a', 'RS256'), keySet.find('b', 'ES256') === undefined]).toEqual([undefined, false]);
  });

  test('keeps two keys of one name where their types tell them apart', async () => {
    const { keySet, rejected } = read([
      { ...rsa, kid: 'a' },
      { ...ec, kid: 'a' },
    ]);
    expect(rejected).toEqual([]);
    expect(keySet.find('a', 'RS256')).not.toBe(keySet.find('a', 'ES256'));
  });

  test('refuses a point that is not on its curve', async () => {
    const { rejected } = read([
      { ...rsa, kid: 'a' },
      { ...ec, kid: 'b', y: ec.x },
    ]);
    expect(rejected).toEqual(['import']);
  });

  test.each([
    ['nothing', undefined],
    ['a list', []],
    ['an object without keys', {}],
    ['keys that are no list', { keys: {} }],
    ['keys that are null', { keys: null }],
    ['no key', { keys: [] }],
    ['no usable key', { keys: [{ kty: 'oct', k: 'AAAA' }] }],
  ])('that is %s is refused', (_, document) => {
    expect(() => readKeySet(JSON.stringify(document) ?? '', supportedAlgorithms, 100, undefined)).toThrow(
      /key set/i,
    );
  });

  test('with too many members is refused whole', () => {
    const members = Array.from({ length: 101 }, (_, index) => ({ ...rsa, kid: `k${index}` }));
    expect(() => read(members)).toThrow('101 keys, more than 100');
  });

  test('takes over what it has in common with the one before', async () => {
    const first = read([
      { ...rsa, kid: 'a' },
      { ...ec, kid: 'b' },
    ]);
    const again = readKeySet(
      JSON.stringify({ keys: [{ ...rsa, kid: 'a' }] }),
      supportedAlgorithms,
      100,
      first.keySet,
    );
    expect(again.keySet.find('a', 'RS256')).toBe(first.keySet.find('a', 'RS256'));
    const replaced = readKeySet(
      JSON.stringify({ keys: [{ ...otherRsa, kid: 'a' }] }),
      supportedAlgorithms,
      100,
      first.keySet,
    );
    expect(replaced.keySet.find('a', 'RS256')).not.toBe(first.keySet.find('a', 'RS256'));
  });
});

test('a token without `kid` finds a key where another implementation finds one, and none where it finds several', async () => {
  const sets = [
    [rsa],
    [rsa, ec],
    [rsa, otherRsa],
    [rsa, otherRsa, ec],
    [
      { ...rsa, kid: 'a' },
      { ...otherRsa, kid: 'b' },
    ],
    [
      { ...rsa, alg: 'RS256' },
      { ...otherRsa, alg: 'PS256' },
    ],
    [{ ...rsa, kid: 'a' }, otherRsa, { ...ec, kid: 'a' }],
  ];
  const found = { one: 0, several: 0, none: 0 };
  for (const keys of sets) {
    const { keySet } = read(keys);
    for (const alg of ['RS256', 'PS256', 'ES256'] as const) {
      const reference = await createLocalJWKSet({ keys })({ alg }).then(
        () => 'one' as const,
        (error: unknown) => (error instanceof errors.JWKSMultipleMatchingKeys ? 'several' : 'none'),
      );
      found[reference]++;
      expect([keys, alg, keySet.find(undefined, alg) !== undefined]).toEqual([
        keys,
        alg,
        reference === 'one',
      ]);
    }
  }
  expect(Math.min(...Object.values(found))).toBeGreaterThan(2);
});
