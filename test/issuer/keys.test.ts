import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { ed25519Problem, rsaProblem } from '../../src/issuer/keys/key-strength.ts';
import { readKey } from '../../src/issuer/keys/published-key.ts';
import { readKeySet } from '../../src/issuer/keys/read-key-set.ts';
import { isRejection } from '../../src/issuer/keys/unused-keys.ts';
import { lenientRules } from '../support/keys.ts';
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

const read = (keys: unknown) => readKeySet(JSON.stringify({ keys }), lenientRules);
const bytes = (text: string) => Buffer.from(text, 'base64url');

/** A random odd modulus. */
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
  test('of the usual sizes are accepted', () => {
    for (const bits of [2048, 3072, 4096, 8192])
      expect(rsaProblem(bytes(modulus(bits)), bytes('AQAB'))).toBeUndefined();
  });

  test.each([
    ['too small a modulus', modulus(1024), 'AQAB', 'size'],
    ['a modulus of 2,040 bits', modulus(2040), 'AQAB', 'size'],
    ['too large a modulus', modulus(8200), 'AQAB', 'size'],
    ['a modulus of a megabyte', 'A'.repeat(1_000_000), 'AQAB', 'size'],
    ['an exponent of 1, for which anyone can forge signatures', modulus(2048), 'AQ', 'exponent'],
    ['an exponent of 3', modulus(2048), 'Aw', 'exponent'],
    ['an even exponent', modulus(2048), 'AQAC', 'exponent'],
    ['a huge exponent', modulus(2048), 'AQAAAAE', 'exponent'],
    ['an exponent as long as a modulus', modulus(2048), modulus(2048), 'exponent'],
    ['a ROCA modulus', rocaModulus(), 'AQAB', 'weak'],
  ])('with %s are rejected', (_, n, e, problem) => {
    expect(rsaProblem(bytes(n), bytes(e))).toBe(problem);
  });

  test('of real libraries are not reported as weak', () => {
    for (const key of [rsa, otherRsa])
      expect(rsaProblem(bytes(key.n ?? ''), bytes(key.e ?? ''))).toBeUndefined();
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

  test('of small order are rejected, which doubling them three times proves', () => {
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
      expect(ed25519Problem(bytes(encode(y)))).toBe('weak');
      expect(ed25519Problem(bytes(encode(y | (1n << 255n))))).toBe('weak');
    }
  });

  test('that are not canonical are rejected', () => {
    for (const y of [p, p + 1n, 2n ** 255n - 1n]) expect(ed25519Problem(bytes(encode(y)))).toBe('weak');
  });

  test('of another length are rejected', () => {
    expect(ed25519Problem(bytes(base64url(Buffer.alloc(31, 7))))).toBe('size');
    expect(ed25519Problem(bytes(base64url(Buffer.alloc(33, 7))))).toBe('size');
  });

  test('of real libraries are accepted', () => {
    expect(ed25519Problem(bytes(ed.x ?? ''))).toBeUndefined();
  });
});

describe('a member of a key set', () => {
  const ordinary: [string, () => unknown, string][] = [
    ['an unknown type', () => ({ kty: 'XYZ' }), 'key_type'],
    ['ML-DSA', () => ({ kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', kid: 'pq' }), 'key_type'],
    ['a symmetric key', () => ({ kty: 'oct', k: 'AAAA' }), 'symmetric'],
    ['a key for encryption', () => ({ ...rsa, use: 'enc' }), 'use'],
    ['a weak key for encryption', () => ({ ...rsa, e: 'Aw', use: 'enc' }), 'use'],
    ['a key for `sign` only', () => ({ ...rsa, key_ops: ['sign'] }), 'operations'],
    ['a key with empty `key_ops`', () => ({ ...rsa, key_ops: [] }), 'operations'],
    ['an encryption algorithm', () => ({ ...rsa, alg: 'RSA-OAEP' }), 'other_algorithm'],
    [
      'a weak key with an encryption algorithm',
      () => ({ ...rsa, alg: 'RSA1_5', e: 'Aw' }),
      'other_algorithm',
    ],
    ['secp256k1', () => ({ ...ec, crv: 'secp256k1' }), 'curve'],
    ['secp256k1 with its algorithm', () => ({ ...ec, crv: 'secp256k1', alg: 'ES256K' }), 'curve'],
    ['Ed448', () => ({ kty: 'OKP', crv: 'Ed448', x: 'AAAA' }), 'curve'],
    ['X25519', () => ({ kty: 'OKP', crv: 'X25519', x: 'AAAA', use: 'sig' }), 'curve'],
    ['X448', () => ({ kty: 'OKP', crv: 'X448', x: 'AAAA' }), 'curve'],
    ['brainpool', () => ({ ...ec, crv: 'BP-256' }), 'curve'],
  ];
  const faulty: [string, () => unknown, string][] = [
    ['null', () => null, 'not_an_object'],
    ['a number', () => 5, 'not_an_object'],
    ['a list', () => [], 'not_an_object'],
    ['no type', () => ({}), 'no_key_type'],
    ['a type that is null', () => ({ ...rsa, kty: null }), 'no_key_type'],
    ['a private key', () => rsaPrivate, 'private'],
    ['a private key of an unknown type', () => ({ kty: 'AKP', pub: 'AAAA', priv: 'AAAA' }), 'private'],
    ['an alg for another key type', () => ({ ...rsa, alg: 'ES256' }), 'algorithm'],
    ['an alg for another curve', () => ({ ...ec, alg: 'ES384' }), 'algorithm'],
    ['an algorithm that is a number', () => ({ ...ec, alg: 5 }), 'algorithm'],
    ['a kid that is not text', () => ({ ...rsa, kid: 5 }), 'key_id'],
    ['a kid that is too long', () => ({ ...rsa, kid: 'k'.repeat(257) }), 'key_id'],
    ['no curve', () => ({ ...ec, crv: null }), 'encoding'],
    ['a number in standard base64', () => ({ ...rsa, n: 'a+b/=' }), 'encoding'],
    ['a number that is only padding', () => ({ ...rsa, n: '==' }), 'encoding'],
    ['no modulus', () => ({ kty: 'RSA', e: 'AQAB' }), 'encoding'],
    ['a modulus of zeros', () => ({ kty: 'RSA', n: 'A'.repeat(344), e: 'AQAB' }), 'size'],
    [
      'a small modulus with leading zeros',
      () => ({ ...rsa, n: `${'A'.repeat(240)}${rsa.n?.slice(0, 104)}` }),
      'size',
    ],
    ['a modulus of a megabyte', () => ({ ...rsa, n: 'B'.repeat(1_000_000) }), 'size'],
    [
      'a coordinate that is too long',
      () => ({ ...ec, x: base64url(Buffer.concat([Buffer.from([1]), bytes(ec.x ?? '')])) }),
      'encoding',
    ],
    ['a coordinate of zeros', () => ({ ...ec, x: 'AAAA' }), 'import'],
    ['a point that is not on its curve', () => ({ ...ec, y: ec.x }), 'import'],
    [
      'an Ed25519 point with a leading zero byte',
      () => ({ ...ed, x: base64url(Buffer.concat([Buffer.alloc(1), bytes(ed.x ?? '')])) }),
      'size',
    ],
  ];
  test.each(ordinary)(
    '%s next to a valid key is not used, and is not reported as a fault',
    (_, member, cause) => {
      const { unused, keySet } = read([{ ...ed, kid: 'good' }, member()]);
      expect(unused.map((key) => key.cause)).toEqual([cause]);
      expect(unused.some((key) => isRejection(key.cause))).toBe(false);
      expect(keySet.find('good', 'EdDSA')).toHaveLength(1);
    },
  );
  test.each(faulty)('%s next to a valid key is rejected', (_, member, cause) => {
    const { unused, keySet } = read([{ ...ed, kid: 'good' }, member()]);
    expect(unused.map((key) => key.cause)).toEqual([cause]);
    expect(unused.every((key) => isRejection(key.cause))).toBe(true);
    expect(keySet.find('good', 'EdDSA')).toHaveLength(1);
  });

  test('without alg verifies the allowed algorithms of its type', () => {
    expect(readKey(rsa, { ...lenientRules, algorithms: ['RS256', 'ES256', 'PS256'] })).toMatchObject({
      algorithms: ['RS256', 'PS256'],
    });
    expect(readKey(ec, { ...lenientRules, algorithms: ['RS256'] })).toEqual({ unused: 'not_allowed' });
  });

  test("of another use is used if the issuer's keyUses list it", () => {
    const svid = { ...rsa, use: 'jwt-svid' };
    expect(readKey(svid, lenientRules)).toMatchObject({ id: undefined });
    expect(readKey(svid, { ...lenientRules, keyUses: ['sig'] })).toEqual({ unused: 'use' });
    expect(readKey({ ...rsa, use: 'token' }, { ...lenientRules, keyUses: ['token'] })).toMatchObject({});
    expect(readKey({ ...rsa, use: 'sig' }, { ...lenientRules, keyUses: ['token'] })).toEqual({
      unused: 'use',
    });
  });
});

describe('a key set', () => {
  test('uses its valid members, and names each of the others with its cause', () => {
    const { keySet, unused } = read([
      null,
      { kty: 'XYZ', kid: 'x' },
      { n: 5, kid: 7 },
      { ...rsa, kid: 'a' },
      { ...ec, kid: 'b' },
      { ...rsa, kid: 'c', e: 'AQ' },
      { ...rsa, kid: 'd'.repeat(100), use: 'enc' },
    ]);
    expect(unused).toEqual([
      { key: 'keys[0]', cause: 'not_an_object' },
      { key: 'x', cause: 'key_type' },
      { key: 'keys[2]', cause: 'no_key_type' },
      { key: 'c', cause: 'exponent' },
      { key: `${'d'.repeat(64)}…`, cause: 'use' },
    ]);
    expect(keySet.find('a', 'RS256')).toHaveLength(1);
    expect(keySet.find('b', 'ES256')).toHaveLength(1);
    for (const [id, algorithm] of [
      ['c', 'RS256'],
      ['a', 'ES256'],
      ['__proto__', 'RS256'],
    ] as const)
      expect(keySet.find(id, algorithm)).toEqual([]);
  });

  test('without a usable key names the cause of each key, for at most ten', () => {
    const keys = [
      { ...rsa, kid: 'enc', use: 'enc' },
      { kty: 'OKP', crv: 'Ed448', x: 'AAAA' },
      { ...rsa, kid: 'small', n: 'AQAB' },
    ];
    expect(() => read(keys)).toThrow('no usable key (enc: use, keys[1]: curve, small: size)');
    expect(() => read(Array.from({ length: 30 }, () => keys[1]))).toThrow('keys[9]: curve, and 20 more)');
  });

  test('names the keys beyond the limit, and does not count them', async () => {
    const pairs = await Promise.all(
      [1, 2, 3, 4].map(async () =>
        exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey),
      ),
    );
    const alike = [...pairs, ec, ec].map((key) => ({ ...key, kid: 'a' }));
    const { unused, keySet } = read([...alike, { ...ed, kid: 'b' }]);
    expect(unused).toEqual([
      { key: 'a', cause: 'too_many' },
      { key: 'a', cause: 'too_many' },
    ]);
    expect([keySet.size, keySet.find('a', 'ES256').length, keySet.find(undefined, 'ES256').length]).toEqual([
      5, 4, 4,
    ]);
  });

  test('counts a key once, with any number of algorithms and copies', () => {
    const { unused, keySet } = read([
      rsa,
      { ...rsa, kid: 'a' },
      { ...rsa, kid: 'b', alg: 'PS256' },
      { ...rsa, kid: 'b' },
    ]);
    expect([unused, keySet.size]).toEqual([[], 1]);
    const inFront = (value = '') => base64url(Buffer.concat([Buffer.alloc(2), bytes(value)]));
    expect(read([ec, { ...ec, x: inFront(ec.x), y: `${inFront(ec.y)}=` }]).keySet.size).toBe(1);
    expect(keySet.find('b', 'PS256')).toHaveLength(1);
    expect(keySet.find(undefined, 'RS512')).toHaveLength(1);
  });

  test('keeps two keys with one kid and different types', () => {
    const { keySet, unused } = read([
      { ...rsa, kid: 'a' },
      { ...ec, kid: 'a' },
    ]);
    expect(unused).toEqual([]);
    expect(keySet.find('a', 'RS256')).not.toEqual(keySet.find('a', 'ES256'));
  });

  test.each([
    ['an empty document', undefined],
    ['a list', []],
    ['an object without keys', {}],
    ['an object whose keys are not a list', { keys: {} }],
    ['an object whose keys are null', { keys: null }],
    ['an empty list', { keys: [] }],
    ['a list without a usable key', { keys: [{ kty: 'oct', k: 'AAAA' }] }],
  ])('that is %s is rejected', (_, document) => {
    expect(() => readKeySet(JSON.stringify(document) ?? '', lenientRules)).toThrow(/key set/i);
  });

  test.each([
    '{"keys":[],"keys":[KEY]}',
    '{"keys":[KEY],"keys":[KEY]}',
    '{"keys":[KEY],"k\\u0065ys":[]}',
    ' {"x":[[{"keys":1}]] , "keys" : [KEY], "keys":\n[KEY]}',
  ])('with two `keys` members is rejected: %s', (text) => {
    const set = text.replaceAll('KEY', JSON.stringify(rsa));
    expect(() => readKeySet(set, lenientRules)).toThrow('two members named keys');
  });

  test('with two of any other member is read', () => {
    const key = JSON.stringify({ ...rsa, kid: 'a' }).replace(
      '}',
      ',"x5t":"a","x5t":"b","x":{"kty":1,"kty":2}}',
    );
    const { keySet, unused } = readKeySet(`{"a":1,"a":{"keys":[],"keys":[]},"keys":[${key}]}`, lenientRules);
    expect([keySet.knows('a'), unused]).toEqual([true, []]);
  });

  test.each(['kty', 'kid', 'use', 'alg', 'n', 'e', 'key_ops'] as const)(
    'with two %s members in a key does not use that key',
    (name) => {
      const whole: JWK = { ...rsa, kid: 'a', use: 'sig', alg: 'RS256', key_ops: ['verify'] };
      const [good, other] = [JSON.stringify({ ...ec, kid: 'b' }), JSON.stringify({ ...otherRsa, kid: 'c' })];
      for (const second of [whole[name], null, 'x']) {
        for (const written of [name, `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`]) {
          const twice = JSON.stringify(whole).replace('{', `{"${written}":${JSON.stringify(second)},`);
          const { keySet, unused } = readKeySet(`{"keys":[${good},${twice},${other}]}`, lenientRules);
          expect(unused).toEqual([{ key: 'a', cause: 'duplicate_member' }]);
          expect([keySet.size, keySet.knows('a'), keySet.knows('b'), keySet.knows('c')]).toEqual([
            2,
            false,
            true,
            true,
          ]);
        }
      }
    },
  );

  test('with too many members is rejected', () => {
    const members = Array.from({ length: 101 }, (_, index) => ({ ...rsa, kid: `k${index}` }));
    expect(() => read(members)).toThrow('101 keys; the limit is 100');
  });

  test('reuses the unchanged keys of the previous one', () => {
    const first = read([
      { ...rsa, kid: 'a' },
      { ...ec, kid: 'b' },
    ]).keySet;
    const next = (key: object) => readKeySet(JSON.stringify({ keys: [key] }), lenientRules, first).keySet;
    const [known] = first.find('a', 'RS256');
    expect(next({ ...rsa, kid: 'a' }).find('a', 'RS256')[0]).toBe(known);
    expect(next({ ...rsa, n: `${rsa.n}==`, kid: 'a', use: null }).find('a', 'RS256')[0]).toBe(known);
    expect(next({ ...otherRsa, kid: 'a' }).find('a', 'RS256')[0]).not.toBe(known);
    expect(next({ ...rsa, kid: 'b' }).find('b', 'RS256')[0]).not.toBe(known);
  });
});
