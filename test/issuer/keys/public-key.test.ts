/** Compares our verification with jose's, with valid and changed signatures. */
import { constants, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { compactVerify, exportJWK, importJWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { supportedAlgorithms } from '../../../src/config/declare/issuer-options.ts';
import { importPublicKey, isInvalidKey, type VerifySignature } from '../../../src/issuer/keys/public-key.ts';
import { type PublicJwk, readKey } from '../../../src/issuer/keys/published-key.ts';
import { createSigningKey, lenientRules, type SigningKey } from '../../support/keys.ts';
import { privateKeyObject } from '../../support/tokens.ts';

const base64url = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');

describe.each(supportedAlgorithms)('%s', (algorithm) => {
  let key: SigningKey;
  let verify: VerifySignature;
  let referenceKey: Awaited<ReturnType<typeof importJWK>>;
  let data: Buffer;
  let good: Buffer;

  beforeAll(async () => {
    key = await createSigningKey('k', algorithm);
    verify = importPublicKey(key.publicJwk as PublicJwk, algorithm);
    referenceKey = await importJWK(key.publicJwk, algorithm);
    data = Buffer.from(`${base64url(JSON.stringify({ alg: algorithm }))}.${base64url('{"sub":"alice"}')}`);
    good = await signed();
  });

  async function signed(digest = `sha${algorithm.slice(2)}`, saltLength?: number): Promise<Buffer> {
    const jwk = await exportJWK(key.privateKey);
    const privateKey = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
    if (algorithm === 'EdDSA') return sign(null, data, privateKey);
    if (algorithm.startsWith('ES')) return sign(digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    if (algorithm.startsWith('RS')) return sign(digest, data, privateKey);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return sign(digest, data, {
      key: privateKey,
      padding,
      saltLength: saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST,
    });
  }
  const byReference = (signature: Buffer) =>
    compactVerify(`${data}.${base64url(signature)}`, referenceKey).then(
      () => true,
      () => false,
    );

  test('accepts a valid signature, as the reference does', async () => {
    expect(verify(data, good)).toBe(true);
    expect(await byReference(good)).toBe(true);
  });

  test('rejects a signature of other data, or of another key', async () => {
    expect(verify(Buffer.concat([data, Buffer.from('x')]), good)).toBe(false);
    const other = await createSigningKey('k', algorithm);
    expect(importPublicKey(other.publicJwk as PublicJwk, algorithm)(data, good)).toBe(false);
  });

  test('agrees with the reference on signatures that are changed, truncated or extended', async () => {
    const change = fc.oneof(
      fc.tuple(fc.nat(good.length * 8 - 1)).map(([bit]) => {
        const changed = Buffer.from(good);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return changed;
      }),
      fc.nat(good.length).map((length) => good.subarray(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 8 }).map((more) => Buffer.concat([good, more])),
      fc.uint8Array({ maxLength: good.length }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(0, 0xff).map((byte) => Buffer.alloc(good.length, byte)),
    );
    await fc.assert(
      fc.asyncProperty(change, async (signature) => {
        expect(verify(data, signature)).toBe(await byReference(signature));
        if (!signature.equals(good)) expect(verify(data, signature)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('rejects a signature with wrong parameters', async () => {
    if (algorithm === 'EdDSA')
      return expect(verify(data, Buffer.concat([good.subarray(32), good]))).toBe(false);
    const digest = algorithm.endsWith('256') ? 'sha512' : 'sha256';
    expect(verify(data, await signed(digest))).toBe(false);
    if (algorithm.startsWith('PS')) {
      for (const saltLength of [0, 20, constants.RSA_PSS_SALTLEN_MAX_SIGN])
        expect([saltLength, verify(data, await signed(undefined, saltLength))]).toEqual([saltLength, false]);
    }
    return undefined;
  });
});

describe.each(supportedAlgorithms)('verifying with %s', (algorithm) => {
  test('never throws, with any length of the signature', async () => {
    const { publicJwk } = await createSigningKey('k', algorithm);
    const verify = importPublicKey(publicJwk as PublicJwk, algorithm);
    const data = Buffer.from('x.y');
    for (let length = 0; length <= 530; length++)
      for (const byte of [0, 1, 0x30, 0xff]) expect(verify(data, Buffer.alloc(length, byte))).toBe(false);
    for (const length of [4_096, 65_536]) expect(verify(data, Buffer.alloc(length, 1))).toBe(false);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        (signed, signature) => {
          expect(verify(Buffer.from(signed), Buffer.from(signature))).toBe(false);
        },
      ),
    );
  });

  test('that fails is an error, not an invalid signature; a signature of another length is rejected first', async () => {
    const { publicJwk } = await createSigningKey('k', algorithm);
    const lengths: number[] = [];
    const verify = importPublicKey(publicJwk as PublicJwk, algorithm, (_, __, ___, signature) => {
      lengths.push(signature.length);
      throw new Error('no memory');
    });
    let failures = 0;
    for (let length = 0; length <= 530; length++) {
      try {
        expect(verify(Buffer.from('x.y'), Buffer.alloc(length))).toBe(false);
      } catch (error) {
        expect(error).toMatchObject({ message: 'no memory' });
        failures++;
      }
    }
    const only = { ES256: 64, ES384: 96, ES512: 132, EdDSA: 64 }[algorithm as string] ?? 256;
    expect([failures, lengths]).toEqual([1, [only]]);
  });
});

test.each(['PS256', 'PS384', 'PS512', 'RS256'] as const)(
  'a %s signature that begins with a zero has no second spelling without it (RFC 8017 section 8.2.2, step 1)',
  async (algorithm) => {
    const key = await createSigningKey('k', algorithm);
    const verify = importPublicKey(key.publicJwk as PublicJwk, algorithm);
    const privateKey = privateKeyObject(key);
    const padding = algorithm === 'RS256' ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING;
    const options = { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    for (let number = 0; ; number++) {
      const data = Buffer.from(`x.${number}`);
      const signature = sign(`sha${algorithm.slice(2)}`, data, options);
      if (signature[0] !== 0) continue;
      expect(verify(data, signature)).toBe(true);
      expect(verify(data, signature.subarray(1))).toBe(false);
      expect(verify(data, Buffer.concat([Buffer.alloc(1), signature]))).toBe(false);
      break;
    }
  },
);

test.each([2048, 2050, 2056, 3072, 4096])('a signature of %i bits has the length of its modulus', (bits) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const jwk = publicKey.export({ format: 'jwk' });
  // The same number with leading zeros is the same key.
  const widened = Buffer.concat([Buffer.alloc(2), Buffer.from(String(jwk.n), 'base64url')]);
  const data = Buffer.from('x.y');
  const signature = sign('sha256', data, privateKey);
  expect(signature.length).toBe(Math.ceil(bits / 8));
  for (const n of [jwk.n, widened.toString('base64url')]) {
    const verify = importPublicKey({ ...jwk, n } as PublicJwk, 'RS256');
    expect(verify(data, signature)).toBe(true);
    expect(verify(data, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false);
  }
});

test("any numbers of a client's key import as a valid key, or are reported as invalid", () => {
  const bytes = (length: number) =>
    fc.oneof(
      fc.uint8Array({ minLength: length, maxLength: length }),
      fc.constantFrom(0, 1, 2, 0xfe, 0xff).map((byte) => new Uint8Array(length).fill(byte)),
      fc.constantFrom(0, 1, 2, 0xff).map((byte) => new Uint8Array(length).with(length - 1, byte)),
    );
  const number = (length: number) => bytes(length).map(base64url);
  const curve = (crv: string, alg: string, length: number) =>
    fc.record({ x: number(length), y: number(length) }).map((point) => ({ kty: 'EC', crv, alg, ...point }));
  const rsa = (alg: string) =>
    fc
      .record({
        n: fc.constantFrom(256, 257, 300, 1024).chain(number),
        e: fc.oneof(fc.constant('AQAB'), fc.integer({ min: 1, max: 5 }).chain(number)),
      })
      .map((numbers) => ({ kty: 'RSA', alg, ...numbers }));
  const keys = fc.oneof(
    curve('P-256', 'ES256', 32),
    curve('P-384', 'ES384', 48),
    curve('P-521', 'ES512', 66),
    number(32).map((x) => ({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x })),
    ...supportedAlgorithms.filter((name) => /^[RP]S/.test(name)).map(rsa),
  );
  const lengths = [0, 64, 96, 132, 256, 257, 300, 1024];
  let [imported, none] = [0, 0];
  fc.assert(
    fc.property(keys, fc.nat(255), (jwk, byte) => {
      const read = readKey(jwk, lenientRules);
      if ('unused' in read) return;
      let verify: VerifySignature;
      try {
        verify = importPublicKey(read.publicKey, read.algorithms[0] ?? 'RS256');
        imported++;
      } catch (error) {
        expect(isInvalidKey(error)).toBe(true);
        none++;
        return;
      }
      for (const length of lengths)
        expect(verify(Buffer.from('x.y'), Buffer.alloc(length, byte))).toBe(false);
    }),
    { numRuns: 400 },
  );
  expect([imported > 10, none > 10]).toEqual([true, true]);
});

test('rejects an ECDSA signature in DER', async () => {
  const key = await createSigningKey('k', 'ES256');
  const jwk = await exportJWK(key.privateKey);
  const data = Buffer.from('x.y');
  const der = sign('sha256', data, createPrivateKey({ key: { ...jwk }, format: 'jwk' }));
  expect(importPublicKey(key.publicJwk as PublicJwk, 'ES256')(data, der)).toBe(false);
});

test('an import that fails for another reason is not reported as an invalid key', () => {
  const withCode = (code: string) => Object.assign(new Error('failed'), { code });
  for (const error of [
    new Error('failed'),
    new RangeError('Array buffer allocation failed'),
    withCode('ERR_OSSL_EVP_UNSUPPORTED'),
    withCode('ERR_CRYPTO_OPERATION_FAILED'),
    withCode('ENOMEM'),
    'ERR_CRYPTO_INVALID_JWK',
  ])
    expect(isInvalidKey(error)).toBe(false);
});
