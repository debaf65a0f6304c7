/** Our verification beside jose's, over good signatures and changed ones. */
import { constants, createPrivateKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { compactVerify, exportJWK, importJWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { supportedAlgorithms } from '../../src/config/issuer-options.ts';
import type { PublicJwk } from '../../src/issuer/key.ts';
import { importPublicKey, type VerifySignature } from '../../src/issuer/public-key.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';

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

  test('a good signature is good, and so it is to the reference', async () => {
    expect(verify(data, good)).toBe(true);
    expect(await byReference(good)).toBe(true);
  });

  test('a signature of other data, or of another key, is none', async () => {
    expect(verify(Buffer.concat([data, Buffer.from('x')]), good)).toBe(false);
    const other = await createSigningKey('k', algorithm);
    expect(importPublicKey(other.publicJwk as PublicJwk, algorithm)(data, good)).toBe(false);
  });

  test('a signature that is changed anywhere, cut or prolonged is judged as the reference judges it', async () => {
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

  test('a signature made the right way with the wrong parameters is none', async () => {
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

test('an ECDSA signature in DER is none', async () => {
  const key = await createSigningKey('k', 'ES256');
  const jwk = await exportJWK(key.privateKey);
  const data = Buffer.from('x.y');
  const der = sign('sha256', data, createPrivateKey({ key: { ...jwk }, format: 'jwk' }));
  expect(importPublicKey(key.publicJwk as PublicJwk, 'ES256')(data, der)).toBe(false);
});
